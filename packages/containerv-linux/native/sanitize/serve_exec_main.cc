// serve-exec with a C library, which the sanitizers need; otherwise the same (serve-exec/start.cc).

#include "../serve-exec/runtime.h"

int main(int argc, char** argv, char** environment) {
  containerv::exit_now(containerv::run(argc, argv, environment));
}
