// SPDX-License-Identifier: MIT
/* Gives every file of a folder to a fuzz target, whole and cut short at every 64th of its length.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_BYTES (2u << 20)

static size_t read_file(const char *folder, const char *name, uint8_t *bytes)
{
    char path[4096];
    FILE *file;
    size_t size;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rbe");
    if (!file) {
        perror(path);
        exit(1);
    }
    size = fread(bytes, 1, INPUT_BYTES, file);
    if (ferror(file) || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    return size;
}

static void replay(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i <= 64; i++) {
        size_t cut = size * i / 64;
        /* The exact size, so that AddressSanitizer sees reads beyond the end. */
        uint8_t *copy = malloc(cut + (cut == 0));

        if (!copy) {
            abort();
        }
        memcpy(copy, bytes, cut);
        LLVMFuzzerTestOneInput(copy, cut);
        free(copy);
    }
}

int main(int argc, char **argv)
{
    uint8_t *bytes = malloc(INPUT_BYTES);
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    size_t count = 0;

    if (!bytes || !folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        free(bytes);
        return 2;
    }
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] != '.') {
            replay(bytes, read_file(argv[1], entry->d_name, bytes));
            count++;
        }
    }
    closedir(folder);
    free(bytes);
    printf("%zu files\n", count);
    return count == 0;
}
