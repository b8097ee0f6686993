// The JSON schemas that the unit tests check documents against, in the library that gets them: unknown members fail.
#pragma once

#include <string>

#include "json.h"

namespace fake {

// Empty when `document` is valid by the schema of this name in the directory FAKE_HCS_SCHEMAS.
std::string schema_error(const std::string& schema, const Json& document);

}  // namespace fake
