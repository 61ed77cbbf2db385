/* Writes down, in their order, the writes that a process makes to the files of one folder.
 *
 * Loaded by LD_PRELOAD. DURAHUB_JOURNAL names the file that is appended to, DURAHUB_JOURNAL_FOLDER the
 * folder, with a slash at its end. A step is a header, the name without the folder ("" is the folder
 * itself), and the bytes that were written, or the new name. A lock is held over the call and its note:
 * so a sync is noted when it is done, and behind everything that it covers.
 *
 * What a process maps into its memory is not seen; SQLite maps nothing but the -shm file, which holds
 * nothing that must last.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MOST_FILES = 4096 };

struct header {
  uint32_t kind; /* 'C' made, 'W' written, 'T' truncated, 'S' synced, 'U' unlinked, 'R' renamed */
  uint32_t name_size;
  uint64_t offset; /* where was written; the new size of a truncated file */
  uint64_t size;   /* of what follows the name */
};

static int journal = -1;
static const char *folder;
static size_t folder_size;
static char *names[MOST_FILES]; /* by descriptor; NULL for a file elsewhere */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_ftruncate)(int, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);

__attribute__((constructor)) static void begin(void) {
  real_open = dlsym(RTLD_NEXT, "open64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_rename = dlsym(RTLD_NEXT, "rename");
  const char *file = getenv("DURAHUB_JOURNAL");
  folder = getenv("DURAHUB_JOURNAL_FOLDER");
  if (file == NULL || folder == NULL)
    return;
  folder_size = strlen(folder);
  journal = real_open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static const char *inside(const char *path) {
  if (journal < 0 || path == NULL)
    return NULL;
  if (strncmp(path, folder, folder_size) == 0)
    return path + folder_size;
  if (strlen(path) == folder_size - 1 && strncmp(path, folder, folder_size - 1) == 0)
    return "";
  return NULL;
}

static const char *name_of(int fd) {
  return fd >= 0 && fd < MOST_FILES ? names[fd] : NULL;
}

static void note(char kind, const char *name, uint64_t offset, const void *data, uint64_t size) {
  struct header header = {(uint32_t)kind, (uint32_t)strlen(name), offset, size};
  struct iovec parts[3] = {{&header, sizeof header},
                           {(void *)name, strlen(name)},
                           {(void *)data, (size_t)size}};
  if (writev(journal, parts, 3) < 0)
    abort(); /* a journal with a hole would show losses that are none */
}

static int opened(const char *path, int flags, mode_t mode) {
  const char *name = inside(path);
  if (name == NULL)
    return real_open(path, flags, mode);
  pthread_mutex_lock(&lock);
  int is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
  int fd = real_open(path, flags, mode);
  int error = errno;
  if (fd >= 0 && fd < MOST_FILES) {
    free(names[fd]);
    names[fd] = strdup(name);
    if (is_new)
      note('C', name, 0, "", 0);
    else if (flags & O_TRUNC)
      note('T', name, 0, "", 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define WITH_MODE                                                                                  \
  mode_t mode = 0;                                                                                 \
  if (flags & O_CREAT) {                                                                           \
    va_list given;                                                                                 \
    va_start(given, flags);                                                                        \
    mode = va_arg(given, mode_t);                                                                  \
    va_end(given);                                                                                 \
  }

int open(const char *path, int flags, ...) {
  WITH_MODE
  return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  WITH_MODE
  return opened(path, flags | O_LARGEFILE, mode);
}

int close(int fd) {
  if (name_of(fd) == NULL)
    return real_close(fd);
  pthread_mutex_lock(&lock);
  free(names[fd]);
  names[fd] = NULL;
  int result = real_close(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

ssize_t write(int fd, const void *data, size_t size) {
  if (name_of(fd) == NULL)
    return real_write(fd, data, size);
  pthread_mutex_lock(&lock);
  off64_t offset = lseek64(fd, 0, SEEK_CUR);
  ssize_t result = real_write(fd, data, size);
  int error = errno;
  if (result > 0)
    note('W', names[fd], (uint64_t)offset, data, (uint64_t)result);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  if (name_of(fd) == NULL)
    return real_pwrite(fd, data, size, offset);
  pthread_mutex_lock(&lock);
  ssize_t result = real_pwrite(fd, data, size, offset);
  int error = errno;
  if (result > 0)
    note('W', names[fd], (uint64_t)offset, data, (uint64_t)result);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}

int ftruncate64(int fd, off64_t size) {
  if (name_of(fd) == NULL)
    return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  int result = real_ftruncate(fd, size);
  int error = errno;
  if (result == 0)
    note('T', names[fd], (uint64_t)size, "", 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd, int (*real)(int)) {
  if (name_of(fd) == NULL)
    return real(fd);
  pthread_mutex_lock(&lock);
  int result = real(fd);
  int error = errno;
  if (result == 0)
    note('S', names[fd], 0, "", 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int fsync(int fd) { return synced(fd, real_fsync); }

int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int unlink(const char *path) {
  const char *name = inside(path);
  if (name == NULL)
    return real_unlink(path);
  pthread_mutex_lock(&lock);
  int result = real_unlink(path);
  int error = errno;
  if (result == 0)
    note('U', name, 0, "", 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int rename(const char *from, const char *to) {
  const char *name = inside(from), *fresh = inside(to);
  if (name == NULL || fresh == NULL)
    return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = real_rename(from, to);
  int error = errno;
  if (result == 0)
    note('R', name, 0, fresh, strlen(fresh));
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}
