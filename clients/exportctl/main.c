// SPDX-License-Identifier: MIT
#include "clients/exportctl/command.h"

int main(int argc, char **argv)
{
    return (int)command_main(argc, argv);
}
