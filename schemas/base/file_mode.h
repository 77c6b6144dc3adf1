// SPDX-License-Identifier: MIT
/* Whether a file or folder is one that only its owner, who is us or root, can change: what is read
 * from anywhere else may be somebody's who is not to decide. */
#ifndef SCHEMAS_BASE_FILE_MODE_H
#define SCHEMAS_BASE_FILE_MODE_H

#include <sys/stat.h>

/* NULL, or what is wrong and what to do about it. Root is given files of whoever made them. */
const char *file_mode_problem(const struct stat *status);

#endif
