#include "freezer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

namespace containerv {

void Freezer::hold(UniqueFd file, const char* word) {
  file_ = static_cast<UniqueFd&&>(file);
  snprintf(word_, sizeof word_, "%s", word);
}

void Freezer::thaw() {
  if (file_) static_cast<void>(!write(file_.get(), word_, strlen(word_)));
  file_.reset();
}

}  // namespace containerv
