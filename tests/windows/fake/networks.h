// The Host Networking Service: networks that a test sets up, endpoints in them, and namespaces. One state, which both
// libraries lead to, each in its own form of documents.
#pragma once

#include <windows.h>

#include <string>
#include <vector>

#include "json.h"

namespace fake {

constexpr HRESULT kNetworkNotFound = static_cast<HRESULT>(0x803B0001);
constexpr HRESULT kEndpointNotFound = static_cast<HRESULT>(0x803B0002);
constexpr HRESULT kPortTaken = static_cast<HRESULT>(0x803B0013);
constexpr HRESULT kNetworkRequestUnsupported = static_cast<HRESULT>(0x803B0015);
constexpr HRESULT kInvalidNetworkJson = static_cast<HRESULT>(0x803B001B);
constexpr HRESULT kInNamespaceAlready = static_cast<HRESULT>(0x803B002B);
constexpr HRESULT kAddressReserved = static_cast<HRESULT>(0x803B002F);
constexpr HRESULT kEndpointNotAttached = static_cast<HRESULT>(0x803B0034);

enum class Form { kOlder, kNewer };
enum class NetworkObject { kNetwork, kEndpoint, kNamespace };

// Lower case, without braces.
std::string guid_text(const GUID* guid);

std::vector<std::string> network_objects(NetworkObject kind);
HRESULT describe_network_object(NetworkObject kind, const std::string& id, Form form, std::string* text);

// `id` is in and out: empty lets the service pick one.
HRESULT create_endpoint(const std::string& network, const std::string& document, Form form, std::string* id,
                        std::string* why);
HRESULT delete_endpoint(const std::string& id);
HRESULT attach_endpoint(const std::string& id, const std::string& document, bool attach);

HRESULT create_namespace(const std::string& id, const std::string& document);
HRESULT modify_namespace(const std::string& id, const std::string& document);
HRESULT delete_namespace(const std::string& id);

// Empty when `text` is valid by the schema; a violation otherwise.
std::string network_document(const char* function, const std::string& schema, const std::string& text, Json* document);

}  // namespace fake
