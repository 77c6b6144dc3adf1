// SPDX-License-Identifier: MIT
/* Loaded before libzmq (LD_PRELOAD): ends the process with a message when a socket is used by
 * another thread than the one that used it first, or when the process forks after it has made a
 * context. libzmq allows neither, notices neither, and goes wrong some other time. A socket may be
 * made by one thread and handed to another before its first use, and closed by any. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
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

static void fail(const char *what)
{
    fprintf(stderr, "socket_owner: %s\n", what);
    _exit(EXIT_NOTICED);
}

static void before_fork(void)
{
    if (has_context) {
        fail("fork after a context was made");
    }
}

__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(before_fork, NULL, NULL);
}

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

static void use(const void *socket, const char *call)
{
    struct owned *owned;
    bool is_wrong = false;

    pthread_mutex_lock(&lock);
    owned = socket ? place(socket) : NULL;
    if (owned && !owned->has_owner) {
        owned->has_owner = true;
        owned->owner = pthread_self();
    } else if (owned) {
        is_wrong = !pthread_equal(owned->owner, pthread_self());
    }
    pthread_mutex_unlock(&lock);
    if (is_wrong) {
        fail(call);
    }
}

void *zmq_socket(void *context, int type)
{
    void *(*original)(void *, int) = next("zmq_socket");
    void *socket = original(context, type);

    add(socket);
    return socket;
}

int zmq_close(void *socket)
{
    int (*original)(void *) = next("zmq_close");

    drop(socket);
    return original(socket);
}

int zmq_send(void *socket, const void *bytes, size_t count, int flags)
{
    int (*original)(void *, const void *, size_t, int) = next("zmq_send");

    use(socket, "zmq_send by another thread");
    return original(socket, bytes, count, flags);
}

int zmq_recv(void *socket, void *bytes, size_t count, int flags)
{
    int (*original)(void *, void *, size_t, int) = next("zmq_recv");

    use(socket, "zmq_recv by another thread");
    return original(socket, bytes, count, flags);
}

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags)
{
    int (*original)(zmq_msg_t *, void *, int) = next("zmq_msg_send");

    use(socket, "zmq_msg_send by another thread");
    return original(message, socket, flags);
}

int zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    int (*original)(zmq_msg_t *, void *, int) = next("zmq_msg_recv");

    use(socket, "zmq_msg_recv by another thread");
    return original(message, socket, flags);
}

int zmq_poll(zmq_pollitem_t *items, int count, long timeout)
{
    int (*original)(zmq_pollitem_t *, int, long) = next("zmq_poll");

    for (int i = 0; i < count; i++) {
        use(items[i].socket, "zmq_poll by another thread");
    }
    return original(items, count, timeout);
}
