// Threads with a mutex and a condition variable, and a fork that must fail: what `minimal` promises.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int arrived;

static void* arrive(void* unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  arrived++;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
  return NULL;
}

int main(void) {
  enum { COUNT = 8 };
  pthread_t threads[COUNT];
  for (int i = 0; i < COUNT; i++) {
    int error = pthread_create(&threads[i], NULL, arrive, NULL);
    if (error != 0) return printf("pthread_create: %s\n", strerror(error)), 1;
  }
  pthread_mutex_lock(&lock);
  while (arrived < COUNT) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < COUNT; i++) pthread_join(threads[i], NULL);
  pid_t child = fork();
  if (child == 0) _exit(0);
  printf("%d threads, fork: %s\n", arrived, child < 0 ? strerror(errno) : "possible");
  return 0;
}
