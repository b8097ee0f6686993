// computenetwork.dll, by the signatures of computenetwork.h: ids by pointer, an error record last, all strings from
// CoTaskMemAlloc, and handles that each have to be closed.
#include "networks.h"
#include "text.h"
#include "world.h"

namespace fake {
namespace {

struct NetworkHandle : Object {
  NetworkObject kind;
  std::string id;
};

const char* handle_kind(NetworkObject kind) {
  switch (kind) {
    case NetworkObject::kNetwork:
      return "HCN network";
    case NetworkObject::kEndpoint:
      return "HCN endpoint";
    case NetworkObject::kNamespace:
      return "HCN namespace";
  }
  return "";
}

PWSTR answer(const std::string& text) { return text.empty() ? nullptr : give(Allocator::kCoTaskMem, text); }

HRESULT fail(PWSTR* record, HRESULT hresult, const std::string& why) {
  if (FAILED(hresult) && record != nullptr) {
    *record = answer("{\"Success\":false,\"Error\":" + quote_json(why.empty() ? "It failed" : why) + "}");
  }
  return hresult;
}

// Whether the test wishes for a failure of this call; a record alone is one too.
bool wished(const char* function, PWSTR* record, HRESULT* hresult, bool* garbage = nullptr) {
  *record = nullptr;
  const Fault fault = World::get().fault_for(function);
  if (garbage != nullptr) *garbage = fault.garbage;
  if (!fault.hresult) return false;
  *record = answer(fault.document);
  *hresult = *fault.hresult;
  return true;
}

HRESULT enumerate(NetworkObject kind, const char* function, PCWSTR query, PWSTR* ids, PWSTR* record) {
  *ids = nullptr;
  HRESULT hresult = S_OK;
  bool garbage = false;
  if (wished(function, record, &hresult, &garbage)) return hresult;
  Json document;
  if (!network_document(function, "hcn-query", narrow(query), &document).empty()) {
    return fail(record, kInvalidNetworkJson, "query");
  }
  std::string text = "[";
  for (const std::string& id : network_objects(kind)) text += (text.size() > 1 ? "," : "") + quote_json(id);
  *ids = answer(garbage ? "<garbage>" : text + "]");
  return S_OK;
}

void* open_handle(NetworkObject kind, const std::string& id) {
  auto made = std::make_shared<NetworkHandle>();
  made->kind = kind;
  made->id = id;
  return World::get().open(handle_kind(kind), made);
}

HRESULT open(NetworkObject kind, const char* function, const GUID* id, HANDLE* handle, PWSTR* record) {
  *handle = nullptr;
  HRESULT hresult = S_OK;
  if (wished(function, record, &hresult)) return hresult;
  std::string text;
  hresult = describe_network_object(kind, guid_text(id), Form::kNewer, &text);
  if (FAILED(hresult)) return fail(record, hresult, "not found");
  *handle = open_handle(kind, guid_text(id));
  return S_OK;
}

HRESULT query(NetworkObject kind, const char* function, HANDLE handle, PCWSTR wanted, PWSTR* properties,
              PWSTR* record) {
  *properties = nullptr;
  HRESULT hresult = S_OK;
  bool garbage = false;
  if (wished(function, record, &hresult, &garbage)) return hresult;
  const auto object = World::get().at<NetworkHandle>(handle, handle_kind(kind), function);
  Json document;
  if (object == nullptr) return E_HANDLE;
  if (!network_document(function, "hcn-query", narrow(wanted), &document).empty()) {
    return fail(record, kInvalidNetworkJson, "query");
  }
  std::string text;
  hresult = describe_network_object(kind, object->id, Form::kNewer, &text);
  if (FAILED(hresult)) return fail(record, hresult, "not found");
  *properties = answer(garbage ? "{\"ID\":5}" : text);
  return S_OK;
}

HRESULT close(NetworkObject kind, const char* function, HANDLE handle) {
  return World::get().close(handle, handle_kind(kind), function) == nullptr ? E_HANDLE : S_OK;
}

bool is_zero(const GUID* id) { return guid_text(id) == "00000000-0000-0000-0000-000000000000"; }

}  // namespace

FAKE_EXPORT HRESULT computenetwork_HcnEnumerateNetworks(PCWSTR wanted, PWSTR* ids, PWSTR* record) {
  return enumerate(NetworkObject::kNetwork, "HcnEnumerateNetworks", wanted, ids, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnOpenNetwork(const GUID* id, HANDLE* handle, PWSTR* record) {
  return open(NetworkObject::kNetwork, "HcnOpenNetwork", id, handle, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnQueryNetworkProperties(HANDLE handle, PCWSTR wanted, PWSTR* properties,
                                                             PWSTR* record) {
  return query(NetworkObject::kNetwork, "HcnQueryNetworkProperties", handle, wanted, properties, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnCloseNetwork(HANDLE handle) {
  return close(NetworkObject::kNetwork, "HcnCloseNetwork", handle);
}

FAKE_EXPORT HRESULT computenetwork_HcnEnumerateEndpoints(PCWSTR wanted, PWSTR* ids, PWSTR* record) {
  return enumerate(NetworkObject::kEndpoint, "HcnEnumerateEndpoints", wanted, ids, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnCreateEndpoint(HANDLE network, const GUID* id, PCWSTR settings, HANDLE* handle,
                                                     PWSTR* record) {
  *handle = nullptr;
  HRESULT hresult = S_OK;
  if (wished("HcnCreateEndpoint", record, &hresult)) return hresult;
  const auto in = World::get().at<NetworkHandle>(network, "HCN network", "HcnCreateEndpoint");
  if (in == nullptr) return E_HANDLE;
  std::string chosen = is_zero(id) ? "" : guid_text(id);
  std::string why;
  hresult = create_endpoint(in->id, narrow(settings), Form::kNewer, &chosen, &why);
  if (FAILED(hresult)) return fail(record, hresult, why);
  *handle = open_handle(NetworkObject::kEndpoint, chosen);
  return S_OK;
}

FAKE_EXPORT HRESULT computenetwork_HcnOpenEndpoint(const GUID* id, HANDLE* handle, PWSTR* record) {
  return open(NetworkObject::kEndpoint, "HcnOpenEndpoint", id, handle, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnQueryEndpointProperties(HANDLE handle, PCWSTR wanted, PWSTR* properties,
                                                              PWSTR* record) {
  return query(NetworkObject::kEndpoint, "HcnQueryEndpointProperties", handle, wanted, properties, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnDeleteEndpoint(const GUID* id, PWSTR* record) {
  HRESULT hresult = S_OK;
  if (wished("HcnDeleteEndpoint", record, &hresult)) return hresult;
  return fail(record, delete_endpoint(guid_text(id)), "not found");
}

FAKE_EXPORT HRESULT computenetwork_HcnCloseEndpoint(HANDLE handle) {
  return close(NetworkObject::kEndpoint, "HcnCloseEndpoint", handle);
}

FAKE_EXPORT HRESULT computenetwork_HcnEnumerateNamespaces(PCWSTR wanted, PWSTR* ids, PWSTR* record) {
  return enumerate(NetworkObject::kNamespace, "HcnEnumerateNamespaces", wanted, ids, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnCreateNamespace(const GUID* id, PCWSTR settings, HANDLE* handle, PWSTR* record) {
  *handle = nullptr;
  HRESULT hresult = S_OK;
  if (wished("HcnCreateNamespace", record, &hresult)) return hresult;
  hresult = create_namespace(guid_text(id), narrow(settings));
  if (FAILED(hresult)) return fail(record, hresult, "namespace");
  *handle = open_handle(NetworkObject::kNamespace, guid_text(id));
  return S_OK;
}

FAKE_EXPORT HRESULT computenetwork_HcnOpenNamespace(const GUID* id, HANDLE* handle, PWSTR* record) {
  return open(NetworkObject::kNamespace, "HcnOpenNamespace", id, handle, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnQueryNamespaceProperties(HANDLE handle, PCWSTR wanted, PWSTR* properties,
                                                               PWSTR* record) {
  return query(NetworkObject::kNamespace, "HcnQueryNamespaceProperties", handle, wanted, properties, record);
}

FAKE_EXPORT HRESULT computenetwork_HcnModifyNamespace(HANDLE handle, PCWSTR settings, PWSTR* record) {
  HRESULT hresult = S_OK;
  if (wished("HcnModifyNamespace", record, &hresult)) return hresult;
  const auto object = World::get().at<NetworkHandle>(handle, "HCN namespace", "HcnModifyNamespace");
  if (object == nullptr) return E_HANDLE;
  return fail(record, modify_namespace(object->id, narrow(settings)), "namespace");
}

FAKE_EXPORT HRESULT computenetwork_HcnDeleteNamespace(const GUID* id, PWSTR* record) {
  HRESULT hresult = S_OK;
  if (wished("HcnDeleteNamespace", record, &hresult)) return hresult;
  return fail(record, delete_namespace(guid_text(id)), "namespace");
}

FAKE_EXPORT HRESULT computenetwork_HcnCloseNamespace(HANDLE handle) {
  return close(NetworkObject::kNamespace, "HcnCloseNamespace", handle);
}

}  // namespace fake
