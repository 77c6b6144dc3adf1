// SPDX-License-Identifier: MIT
/* socket_owner_probe good|thread|setup|connect|fork: does what socket_owner.c allows, or one thing
 * that it does not. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

static void *use(void *socket)
{
    (void)zmq_send(socket, "a", 1, ZMQ_DONTWAIT);
    return NULL;
}

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_PUSH);
    const int linger_ms = 0;
    pthread_t thread;

    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (argc != 2) {
        return 2;
    }
    if (strcmp(argv[1], "fork") == 0) {
        pid_t child = fork();

        if (child == 0) {
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    if (strcmp(argv[1], "thread") == 0) {
        use(socket);
    }
    if (pthread_create(&thread, NULL, use, socket)) {
        return 1;
    }
    pthread_join(thread, NULL);
    if (strcmp(argv[1], "setup") == 0) {
        zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    }
    if (strcmp(argv[1], "connect") == 0) {
        zmq_connect(socket, "inproc://nobody");
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
