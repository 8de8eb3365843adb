/* Opening shared libraries, all functions or none. */
#include "base/library.h"

#include "base/err.h"
#include "base/log.h"

#include <gmodule.h>

static GMutex lock;

static bool
fill(const Library *library, GModule *module)
{
    gpointer *table = library->table;

    for (guint i = 0; library->names[i]; i++)
        if (!g_module_symbol(module, library->names[i], &table[i]))
            return false;
    return true;
}

bool
library_open(Library *library, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    GModule *module;

    if (library->is_open)
        return true;
    module = g_module_open(library->file,
                           G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    library->is_open = module && fill(library, module);
    if (library->is_open)
        return true;
    if (!library->is_told)
        log_add(LOG_WARN, "library", "%s", g_module_error());
    library->is_told = true;
    if (module)
        g_module_close(module);
    return err_set(error, ERR_LOCAL, "%s cannot be used", library->file);
}
