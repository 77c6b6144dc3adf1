// SPDX-License-Identifier: MIT
/* Loaded before libzmq (LD_PRELOAD): ends the process with a message when a socket is used by
 * another thread than the one that first sent, received or polled with it, or when the process
 * forks after it has made a context. libzmq allows neither, notices neither, and goes wrong some
 * other time. A socket may be made, set up and bound by one thread and handed to another before
 * that, and closed by any that has seen it end. What libzmq does itself, on its monitors' sockets,
 * is its own affair.
 *
 * With SOCKET_OWNER_LETS_FORK in its environment a process may fork, for a test that starts
 * processes; those may not. */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define SOCKETS      4096
#define EXIT_NOTICED 99

struct owned {
    void *socket;
    pthread_t owner;
    bool has_owner;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct owned sockets[SOCKETS];
static bool has_context;
static bool may_fork;
static uintptr_t library_begin;
static uintptr_t library_end;

static void fail(const char *what)
{
    fprintf(stderr, "socket_owner: %s\n", what);
    _exit(EXIT_NOTICED);
}

static void before_fork(void)
{
    if (has_context && !may_fork) {
        fail("fork after a context was made");
    }
}

static int find_library(struct dl_phdr_info *object, size_t size, void *argument)
{
    (void)size;
    (void)argument;
    if (!strstr(object->dlpi_name, "/libzmq.so")) {
        return 0;
    }
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            library_begin = begin;
            library_end = begin + part->p_memsz;
        }
    }
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    may_fork = getenv("SOCKET_OWNER_LETS_FORK") != NULL;
    (void)unsetenv("SOCKET_OWNER_LETS_FORK");
    (void)dl_iterate_phdr(find_library, NULL);
    (void)pthread_atfork(before_fork, NULL, NULL);
}

/* Whether a call came from libzmq, by where it returns to. */
static bool is_within(const void *caller)
{
    return (uintptr_t)caller >= library_begin && (uintptr_t)caller < library_end;
}

#define CALLER __builtin_return_address(0)

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found) {
        fail(name);
    }
    return found;
}

/* Its place, or that of none. */
static struct owned *place(const void *socket)
{
    for (size_t i = 0; i < SOCKETS; i++) {
        if (sockets[i].socket == socket) {
            return &sockets[i];
        }
    }
    return NULL;
}

static void add(void *socket)
{
    struct owned *owned;

    pthread_mutex_lock(&lock);
    has_context = true;
    owned = place(NULL);
    if (owned && socket) {
        *owned = (struct owned){.socket = socket};
    }
    pthread_mutex_unlock(&lock);
}

static void drop(const void *socket)
{
    struct owned *owned;

    pthread_mutex_lock(&lock);
    owned = socket ? place(socket) : NULL;
    if (owned) {
        *owned = (struct owned){0};
    }
    pthread_mutex_unlock(&lock);
}

/* takes: whether the socket is the caller's from then on, if it is nobody's. */
static void check(const void *socket, const char *call, bool takes, const void *caller)
{
    struct owned *owned;
    bool is_wrong = false;

    if (is_within(caller)) {
        return;
    }
    pthread_mutex_lock(&lock);
    owned = socket ? place(socket) : NULL;
    if (owned && owned->has_owner) {
        is_wrong = !pthread_equal(owned->owner, pthread_self());
    } else if (owned && takes) {
        owned->has_owner = true;
        owned->owner = pthread_self();
    }
    pthread_mutex_unlock(&lock);
    if (is_wrong) {
        fail(call);
    }
}

#define USE(socket, call)   check(socket, call " by another thread", true, CALLER)
#define SETUP(socket, call) check(socket, call " by another thread", false, CALLER)

void *zmq_socket(void *context, int type)
{
    void *(*original)(void *, int) = next("zmq_socket");
    void *socket = original(context, type);

    if (!is_within(CALLER)) {
        add(socket);
    }
    return socket;
}

int zmq_close(void *socket)
{
    int (*original)(void *) = next("zmq_close");

    drop(socket);
    return original(socket);
}

int zmq_setsockopt(void *socket, int option, const void *value, size_t size)
{
    int (*original)(void *, int, const void *, size_t) = next("zmq_setsockopt");

    SETUP(socket, "zmq_setsockopt");
    return original(socket, option, value, size);
}

int zmq_getsockopt(void *socket, int option, void *value, size_t *size)
{
    int (*original)(void *, int, void *, size_t *) = next("zmq_getsockopt");

    SETUP(socket, "zmq_getsockopt");
    return original(socket, option, value, size);
}

/* Calls of a socket and an endpoint. */
#define AT_ENDPOINT(call)                                                                          \
    int call(void *socket, const char *endpoint)                                                   \
    {                                                                                              \
        int (*original)(void *, const char *) = next(#call);                                       \
                                                                                                   \
        SETUP(socket, #call);                                                                      \
        return original(socket, endpoint);                                                         \
    }

AT_ENDPOINT(zmq_bind)
AT_ENDPOINT(zmq_connect)
AT_ENDPOINT(zmq_unbind)
AT_ENDPOINT(zmq_disconnect)

int zmq_send(void *socket, const void *bytes, size_t count, int flags)
{
    int (*original)(void *, const void *, size_t, int) = next("zmq_send");

    USE(socket, "zmq_send");
    return original(socket, bytes, count, flags);
}

int zmq_recv(void *socket, void *bytes, size_t count, int flags)
{
    int (*original)(void *, void *, size_t, int) = next("zmq_recv");

    USE(socket, "zmq_recv");
    return original(socket, bytes, count, flags);
}

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags)
{
    int (*original)(zmq_msg_t *, void *, int) = next("zmq_msg_send");

    USE(socket, "zmq_msg_send");
    return original(message, socket, flags);
}

int zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    int (*original)(zmq_msg_t *, void *, int) = next("zmq_msg_recv");

    USE(socket, "zmq_msg_recv");
    return original(message, socket, flags);
}

int zmq_poll(zmq_pollitem_t *items, int count, long timeout)
{
    int (*original)(zmq_pollitem_t *, int, long) = next("zmq_poll");

    for (int i = 0; i < count; i++) {
        USE(items[i].socket, "zmq_poll");
    }
    return original(items, count, timeout);
}
