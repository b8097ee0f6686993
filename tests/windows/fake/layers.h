// Layers of windowsfilter: which are activated and prepared, and whether documents refer to them rightly.
#pragma once

#include <windows.h>

#include <filesystem>
#include <string>
#include <vector>

#include "json.h"

namespace fake {

// Empty when every layer of a document is a folder that is there, has the id of its name, and `volume`, if any, is that
// of a prepared scratch.
std::string layers_error(const Json& layers, const char* id_name, const std::string& volume);

// As NameToGuid: the same for the same name, and not one that a caller could guess.
GUID name_to_guid(const std::string& name);

// `\\?\Volume{...}\` for a name, the same for the same.
std::string volume_of_key(const std::string& key);

// Whether a virtual machine may open a file, by GrantVmAccess.
bool is_granted(const std::string& machine, const std::string& file);

// For functions that take DRIVER_INFO and WC_LAYER_DESCRIPTORs: whether these are right, the folder of the first layer, and
// whether a scratch is activated and not prepared.
bool exchange_is_right(const void* info, const void* layers, UINT32 count, const char* function);
std::filesystem::path first_layer(const void* layers);
bool is_activated(PCWSTR scratch);

// Removes a layer's folder, which nothing may use any more.
HRESULT destroy_layer(PCWSTR path, const char* function);

// Folders that are still prepared or activated, for the report.
std::vector<std::string> layers_in_use();
void forget_layers();

}  // namespace fake
