// SPDX-License-Identifier: MIT
/* The subcommands: one row each. Help, completion of arguments and the test of the man page read
 * the same rows. */
#ifndef CLIENTS_EXPORTCTL_COMMAND_H
#define CLIENTS_EXPORTCTL_COMMAND_H

#include "clients/exportctl/exit_code.h"
#include "clients/exportctl/settings.h"

struct command {
    const char *name;
    const char *arguments; /* as help shows them */
    const char *help;      /* one line */
    const char *details;   /* more, for "help NAME"; or NULL */
    uint32_t options;      /* OPTION_BITs beside the common ones */
    int least;             /* operands after the name */
    int most;
    enum exit_code (*run)(const struct settings *settings);
};

/* Ends with a row whose name is NULL. */
extern const struct command command_rows[];

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* The whole program. */
enum exit_code command_main(int argc, char **argv);

/* The first operand after the command's name, or NULL; and each further one. */
const char *command_operand(const struct settings *settings, int index);

/* Whether every operand is an operation's id, so that a command with several sends nothing when one
 * is wrong; EXIT_CODE_USAGE, told, when not. */
enum exit_code command_check_ids(const struct settings *settings);

enum exit_code command_export(const struct settings *settings);
enum exit_code command_get(const struct settings *settings);
enum exit_code command_list(const struct settings *settings);
enum exit_code command_why(const struct settings *settings);
enum exit_code command_approve(const struct settings *settings);
enum exit_code command_deny(const struct settings *settings);
enum exit_code command_pending(const struct settings *settings);
enum exit_code command_cancel(const struct settings *settings);
enum exit_code command_retry(const struct settings *settings);
enum exit_code command_watch(const struct settings *settings);
enum exit_code command_events(const struct settings *settings);
enum exit_code command_profiles(const struct settings *settings);
enum exit_code command_stats(const struct settings *settings);
enum exit_code command_pause(const struct settings *settings);
enum exit_code command_resume(const struct settings *settings);
enum exit_code command_pauses(const struct settings *settings);
enum exit_code command_audit(const struct settings *settings);
enum exit_code command_ping(const struct settings *settings);
enum exit_code command_verify(const struct settings *settings);
enum exit_code command_keygen(const struct settings *settings);
enum exit_code command_permissions(const struct settings *settings);
enum exit_code command_schema(const struct settings *settings);
enum exit_code command_help(const struct settings *settings);

#endif
