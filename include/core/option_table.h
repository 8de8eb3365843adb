/* Every option of the program: name, type, scope, default, text. The manual is
 * made from this table. */
#ifndef CORE_OPTION_TABLE_H
#define CORE_OPTION_TABLE_H

#include "cmd/option.h"

/* Ends with name NULL. */
extern const OptionEntry option_table[];

#endif
