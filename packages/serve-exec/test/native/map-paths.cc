// Reads paths, each ended by a NUL, and writes what each is in a Linux container, in a Windows container, and in a Linux
// container on Windows: three paths, each ended by a NUL.
#include <unistd.h>

#include <string>

#include "../../../containerv-linux/native/serve-exec/container_path.h"

int main() {
  std::string input, output;
  char buffer[65536];
  for (ssize_t got; (got = read(0, buffer, sizeof buffer)) > 0;) input.append(buffer, static_cast<size_t>(got));
  for (size_t at = 0; at < input.size(); at += input.find('\0', at) - at + 1) {
    const char* path = input.c_str() + at;
    // What each promises to need, and not a byte more: the sanitizer tells.
    const size_t size = input.find('\0', at) - at;
    char* const linux_path = new char[size + 2];
    char* const windows_path = new char[size + 4];
    char* const lcow_path = new char[size + sizeof "/chef/rootfs" + 1];
    containerv::map_into_container(path, linux_path, containerv::Guest::kLinux);
    containerv::map_into_container(path, windows_path, containerv::Guest::kWindows);
    containerv::map_into_lcow(path, lcow_path);
    for (char* const result : {linux_path, windows_path, lcow_path}) {
      (output += result) += '\0';
      delete[] result;
    }
  }
  for (size_t done = 0; done < output.size();) {
    const ssize_t put = write(1, output.data() + done, output.size() - done);
    if (put <= 0) return 1;
    done += static_cast<size_t>(put);
  }
}
