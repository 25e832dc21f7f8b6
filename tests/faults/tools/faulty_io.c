/* Preloaded into a program (LD_PRELOAD): makes its writes and syncs fail, or kills it at one of them.
 *
 * Environment, all optional but the first:
 *   FAULTY_IO_FOLDER  only calls on files whose path begins with this count
 *   FAULTY_IO_CALL    write, sync, or any: which calls count (writes include truncations and links)
 *   FAULTY_IO_NTH     the first call that fails, from 1; 0: none
 *   FAULTY_IO_TIMES   how many fail from there on; 0: all
 *   FAULTY_IO_ERROR   errno as a number; -1: kill the process instead, before the call
 *   FAULTY_IO_ROOM    bytes that fit into the folder; a write that would need more fails with ENOSPC
 *   FAULTY_IO_COUNT   file that gets the number of calls counted so far, as text
 *   FAULTY_IO_RUN     any number; when it changes, counting begins anew (a process may set all these itself)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long counted;

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text && *text ? atol(text) : otherwise;
}

static int is_inside(const char *path) {
  const char *folder = getenv("FAULTY_IO_FOLDER");
  return folder && *folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int concerns(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return is_inside(path);
}

static void note_count(void) {
  const char *path = getenv("FAULTY_IO_COUNT");
  if (!path || !*path) return;
  int handle = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (handle < 0) return;
  dprintf(handle, "%ld\n", counted);
  close(handle);
}

/* Whether this call is one of those that fail; sets errno. Does not return where it is to kill. */
static int fails(const char *kind) {
  const char *wanted = getenv("FAULTY_IO_CALL");
  if (wanted && *wanted && strcmp(wanted, "any") && strcmp(wanted, kind)) return 0;
  static long run;
  if (run != number("FAULTY_IO_RUN", 0)) counted = 0;
  run = number("FAULTY_IO_RUN", 0);
  long nth = number("FAULTY_IO_NTH", 0), times = number("FAULTY_IO_TIMES", 1);
  counted++;
  note_count();
  if (nth == 0 || counted < nth || (times && counted >= nth + times)) return 0;
  long error = number("FAULTY_IO_ERROR", EIO);
  if (error < 0) raise(SIGKILL);
  errno = (int)error;
  return 1;
}

static off_t used(void) {
  const char *folder = getenv("FAULTY_IO_FOLDER");
  DIR *directory = opendir(folder);
  off_t sum = 0;
  if (!directory) return 0;
  for (struct dirent *each; (each = readdir(directory));) {
    struct stat status;
    if (fstatat(dirfd(directory), each->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
      sum += (status.st_size + 4095) / 4096 * 4096;
  }
  closedir(directory);
  return sum;
}

/* Whether the disk is too full for the file to reach this size; sets errno. */
static int is_full(int descriptor, off_t end) {
  long room = number("FAULTY_IO_ROOM", -1);
  struct stat status;
  if (room < 0 || fstat(descriptor, &status) || !S_ISREG(status.st_mode)) return 0;
  off_t growth = (end + 4095) / 4096 * 4096 - (status.st_size + 4095) / 4096 * 4096;
  if (growth <= 0 || used() + growth <= room) return 0;
  errno = ENOSPC;
  return 1;
}

#define REAL(name, ...)                                                              \
  static int (*real)(__VA_ARGS__);                                                   \
  if (!real) real = (int (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define WRITES(name)                                                                 \
  ssize_t name(int descriptor, const void *data, size_t size, off_t offset) {        \
    static ssize_t (*real)(int, const void *, size_t, off_t);                        \
    if (!real) real = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, #name); \
    if (concerns(descriptor) && (fails("write") || is_full(descriptor, offset + (off_t)size))) return -1; \
    return real(descriptor, data, size, offset);                                     \
  }

WRITES(pwrite)
WRITES(pwrite64)

ssize_t write(int descriptor, const void *data, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  if (concerns(descriptor) &&
      (fails("write") || is_full(descriptor, lseek(descriptor, 0, SEEK_CUR) + (off_t)size)))
    return -1;
  return real(descriptor, data, size);
}

#define TRUNCATES(name)                                                              \
  int name(int descriptor, off_t size) {                                             \
    REAL(#name, int, off_t);                                                         \
    if (concerns(descriptor) && (fails("write") || is_full(descriptor, size))) return -1; \
    return real(descriptor, size);                                                   \
  }

TRUNCATES(ftruncate)
TRUNCATES(ftruncate64)

#define SYNCS(name)                                                                  \
  int name(int descriptor) {                                                         \
    REAL(#name, int);                                                                \
    if (concerns(descriptor) && fails("sync")) return -1;                            \
    return real(descriptor);                                                         \
  }

SYNCS(fsync)
SYNCS(fdatasync)

int link(const char *from, const char *to) {
  REAL("link", const char *, const char *);
  if (is_inside(to) && fails("write")) return -1;
  return real(from, to);
}
