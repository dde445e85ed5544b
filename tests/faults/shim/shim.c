/* Comes between a process and the kernel: counts its durable calls, and at the Nth
 * kills the process or reports an error.
 *
 * Loaded with LD_PRELOAD; told what to do by the exported shim_arm(), or at the start
 * by the variable SHIM_ARM: "at how error flags roots log", separated by spaces (roots:
 * paths with ':' between them; log: '-' for none).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum how { COUNT, KILL_BEFORE, KILL_AFTER, FAIL, DONE_BUT_FAIL };
enum { NO_NOREPLACE = 1, NO_LINK = 2 };

static long at, calls;
static enum how how;
static int error_code, flags, log_fd = -1;
static char roots[4 * PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static long (*real_syscall)(long, ...);

__attribute__((constructor)) static void find_real(void)
{
    real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
}

void shim_arm(long at_, int how_, int error_, int flags_, const char *roots_,
              const char *log_)
{
    find_real();
    pthread_mutex_lock(&lock);
    at = at_, how = how_, error_code = error_, flags = flags_, calls = 0;
    snprintf(roots, sizeof roots, "%s", roots_);
    if (log_fd >= 0)
        close(log_fd);
    log_fd = *log_ ? open(log_, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    pthread_mutex_unlock(&lock);
}

long shim_calls(void) { return calls; }

__attribute__((constructor)) static void arm_from_environment(void)
{
    const char *text = getenv("SHIM_ARM");
    static char r[4 * PATH_MAX], l[PATH_MAX];
    long n;
    int h, e, f;
    if (!text || sscanf(text, "%ld %d %d %d %s %s", &n, &h, &e, &f, r, l) != 6)
        return;
    shim_arm(n, h, e, f, r, strcmp(l, "-") ? l : "");
}

static void absolute(char *out, int dir, const char *path)
{
    char link[64], base[PATH_MAX];
    ssize_t length;
    if (path && *path == '/') {
        snprintf(out, PATH_MAX, "%s", path);
        return;
    }
    snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d",
             dir);
    length = readlink(link, base, sizeof base - 1);
    base[length < 0 ? 0 : length] = 0;
    if (path)
        snprintf(out, PATH_MAX, "%.*s/%s", PATH_MAX / 2, base, path);
    else
        snprintf(out, PATH_MAX, "%s", base);
}

static int is_below_roots(const char *path)
{
    char copy[sizeof roots], *state, *root;
    snprintf(copy, sizeof copy, "%s", roots);
    for (root = strtok_r(copy, ":", &state); root; root = strtok_r(NULL, ":", &state))
        if (strncmp(path, root, strlen(root)) == 0)
            return 1;
    return 0;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts one call and does what is to be done before it.
 * Returns 1 when something is to be done after it, -1 when it must fail instead. */
static int before(const char *name, const char *a, const char *b)
{
    int is_it;
    if (!*roots || (!is_below_roots(a) && !(b && is_below_roots(b))))
        return 0;
    pthread_mutex_lock(&lock);
    calls++;
    is_it = how != COUNT && calls == at;
    if (log_fd >= 0)
        dprintf(log_fd, "%s\t%s\t%s\n", name, a, b ? b : "");
    if (is_it && how == KILL_BEFORE)
        die();
    pthread_mutex_unlock(&lock);
    if (!is_it)
        return 0;
    if (how == FAIL) {
        errno = error_code;
        return -1;
    }
    return 1;
}

static int after(int result)
{
    if (how == KILL_AFTER)
        die();
    if (how == DONE_BUT_FAIL) {
        errno = error_code;
        return -1;
    }
    return result;
}

static int two(const char *name, long number, int d1, const char *p1, int d2,
               const char *p2, int options)
{
    char a[PATH_MAX], b[PATH_MAX];
    int todo, result;
    absolute(a, d1, p1);
    absolute(b, d2, p2);
    if ((todo = before(name, a, b)) < 0)
        return -1;
    result = (int)real_syscall(number, d1, p1, d2, p2, options);
    return todo ? after(result) : result;
}

static int one(const char *name, long number, int dir, const char *path, int options)
{
    char a[PATH_MAX];
    int todo, result;
    absolute(a, dir, path);
    if ((todo = before(name, a, NULL)) < 0)
        return -1;
    result = path ? (int)real_syscall(number, dir, path, options)
                  : (int)real_syscall(number, dir);
    return todo ? after(result) : result;
}

int renameat2(int d1, const char *p1, int d2, const char *p2, unsigned options)
{
    if (options && (flags & NO_NOREPLACE)) {
        errno = EINVAL;
        return -1;
    }
    return two(options ? "rename-noreplace" : "rename", SYS_renameat2, d1, p1, d2, p2,
               (int)options);
}

int renameat(int d1, const char *p1, int d2, const char *p2)
{
    return renameat2(d1, p1, d2, p2, 0);
}

int rename(const char *p1, const char *p2)
{
    return renameat2(AT_FDCWD, p1, AT_FDCWD, p2, 0);
}

int linkat(int d1, const char *p1, int d2, const char *p2, int options)
{
    if (flags & NO_LINK) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return two("link", SYS_linkat, d1, p1, d2, p2, options);
}

int link(const char *p1, const char *p2)
{
    return linkat(AT_FDCWD, p1, AT_FDCWD, p2, 0);
}

int unlinkat(int dir, const char *path, int options)
{
    return one(options & AT_REMOVEDIR ? "rmdir" : "unlink", SYS_unlinkat, dir, path,
               options);
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int fsync(int fd) { return one("fsync", SYS_fsync, fd, NULL, 0); }

int fdatasync(int fd) { return one("fdatasync", SYS_fdatasync, fd, NULL, 0); }

/* Programs that call renameat2 by its number, for want of a function. */
long syscall(long number, ...)
{
    va_list list;
    long a[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_renameat2)
        return renameat2((int)a[0], (const char *)a[1], (int)a[2], (const char *)a[3],
                         (unsigned)a[4]);
    return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
