/* Values of the types that arguments, flags and options share. Pure. */
#ifndef CMD_VALUE_H
#define CMD_VALUE_H

#include "cmd/cmd.h"

/* Is text a value of the type? choices: of CMD_CHOICE. ERR_USAGE says what is
 * taken: "on or off", "a duration such as 10s or 2h", … */
bool cmd_value_check(CmdType type, const char *const *choices, const char *text,
                     GError **error);

/* The number that a checked text of CMD_BOOL (0, 1), CMD_INT, CMD_SIZE
 * (octets), CMD_DURATION (seconds) or CMD_TIME (seconds since 1970) means. */
gint64 cmd_value_int(CmdType type, const char *text);

/* "10s", "5m", "2h", "3d", "1w", or seconds. False: not one. */
bool cmd_parse_duration(const char *text, gint64 *seconds);

/* "+2h", "mon 9:00", "9:00", "tomorrow 9:00", "2026-11-23 09:00", RFC 3339;
 * local time where no zone is told; a day or hour that is past means the next
 * one. now: seconds since 1970. False: not one. */
bool cmd_parse_time(const char *text, gint64 now, gint64 *time);

/* What the type is called in usage and help: "QUERY", "DURATION". */
const char *cmd_type_name(CmdType type);

#endif
