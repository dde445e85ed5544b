/* Stops a daemon with its worker at one point, as a machine that is paused.
 *
 * STOP_AT is CALL:PART. The first call with PART in its (last) path stops daemon and
 * worker: "claim" right after a plain rename, "place" right before a rename that does
 * not overwrite, "write" right after a file was opened for writing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int stopped;

static void stop_at(const char *call, const char *path)
{
    const char *point = getenv("STOP_AT");
    size_t length = strlen(call);
    if (point == NULL || path == NULL || strncmp(point, call, length) != 0)
        return;
    if (point[length] != ':' || strstr(path, point + length + 1) == NULL)
        return;
    if (atomic_fetch_add(&stopped, 1) == 0)
        kill(0, SIGSTOP); /* the group: the daemon and its worker */
}

__attribute__((constructor)) static void begin_a_group(void)
{
    if (getenv("STOP_AT") != NULL && getenv("STOPPER_GROUP") == NULL) {
        setpgid(0, 0);
        setenv("STOPPER_GROUP", "1", 1); /* the worker stays in it */
    }
}

int rename(const char *old, const char *new)
{
    int (*next)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    int result = next(old, new);
    stop_at("claim", new);
    return result;
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    int (*next)(int, const char *, int, const char *, unsigned) =
        dlsym(RTLD_NEXT, "renameat2");
    stop_at("place", new);
    return next(from, old, to, new, flags);
}

static int opened(const char *name, const char *path, int flags, mode_t mode)
{
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    int handle = next(path, flags, mode);
    if (flags & O_CREAT)
        stop_at("write", path);
    return handle;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened("open64", path, flags, mode);
}
