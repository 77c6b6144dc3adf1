// SPDX-License-Identifier: MIT
/* socket_owner_probe good|thread|fork: does what socket_owner.c allows, or one thing that it does
 * not. */
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
    pthread_t thread;

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
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
