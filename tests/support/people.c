// SPDX-License-Identifier: MIT
#include "tests/support/people.h"

#include <stdio.h>

unsigned people_per_tenant(const struct people *people)
{
    return people->profile_count / people->tenant_count;
}

unsigned people_person(const struct people *people, unsigned tenant, unsigned index)
{
    return tenant * (people_per_tenant(people) / 2) + index;
}

char *people_tenant_id(unsigned tenant, char buffer[PEOPLE_ID_BUFFER])
{
    snprintf(buffer, PEOPLE_ID_BUFFER, "7e4a4700-0000-4000-8000-%012u", tenant + 1);
    return buffer;
}

char *people_user_id(unsigned person, char buffer[PEOPLE_ID_BUFFER])
{
    snprintf(buffer, PEOPLE_ID_BUFFER, "05e20000-0000-4000-8000-%012u", person);
    return buffer;
}

char *people_principal_name(unsigned person, char buffer[PEOPLE_NAME_BUFFER])
{
    snprintf(buffer, PEOPLE_NAME_BUFFER, "person%u@home%u.example.org", person, person % 7);
    return buffer;
}

char *people_marker(unsigned tenant, unsigned person, char buffer[PEOPLE_NAME_BUFFER])
{
    snprintf(buffer, PEOPLE_NAME_BUFFER, "#t%up%u#", tenant, person);
    return buffer;
}

unsigned people_message_count(unsigned tenant, unsigned person)
{
    return (person * 7 + tenant * 3) % 11;
}

unsigned people_sign_in_count(unsigned tenant, unsigned person)
{
    return 1 + (person * 5 + tenant) % 6;
}

unsigned people_file_count(unsigned tenant, unsigned person)
{
    return (person + tenant) % 4;
}
