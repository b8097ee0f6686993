// Gives a fuzz target every file that is named, once, and nothing else: for valgrind, under which nothing can be fuzzed.
#include <stdint.h>
#include <stdio.h>

#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int count, char** files) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(files[i], std::ios::binary);
    // A copy of its own size, so that what is read behind it is seen.
    const std::vector<uint8_t> input(std::istreambuf_iterator<char>(file), {});
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  printf("%d inputs\n", count - 1);
}
