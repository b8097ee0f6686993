// HNSCall of vmcompute.dll: requests like those of HTTP, and answers that say by a text what went wrong.
#include "networks.h"
#include "text.h"
#include "world.h"

namespace fake {
namespace {

std::string success(const std::string& output) { return "{\"Success\":true,\"Output\":" + output + "}"; }

std::string failure(HRESULT hresult) {
  const bool missing = hresult == kEndpointNotFound || hresult == kNetworkNotFound || hresult == kEndpointNotAttached;
  const std::string text = missing ? "Element not found." : hresult == kPortTaken ? "The object already exists." : "It failed.";
  return "{\"Success\":false,\"Error\":" + quote_json(text) + "}";
}

std::string outcome(HRESULT hresult) { return FAILED(hresult) ? failure(hresult) : success("null"); }

std::string describe(NetworkObject kind, const std::string& id) {
  std::string text;
  const HRESULT hresult = describe_network_object(kind, id, Form::kOlder, &text);
  return FAILED(hresult) ? failure(hresult) : success(text);
}

std::string describe_all(NetworkObject kind) {
  std::string all;
  for (const std::string& id : network_objects(kind)) {
    std::string text;
    if (SUCCEEDED(describe_network_object(kind, id, Form::kOlder, &text))) all += (all.empty() ? "" : ",") + text;
  }
  // As the service does it for an empty list.
  return success(all.empty() ? "null" : "[" + all + "]");
}

std::string create(const std::string& request) {
  std::string id, why, text;
  const HRESULT hresult = create_endpoint("", request, Form::kOlder, &id, &why);
  return FAILED(hresult) ? failure(hresult) : describe(NetworkObject::kEndpoint, id);
}

// "/endpoints/id/attach" gives "id" and "attach".
bool split(const std::string& path, const std::string& prefix, std::string* id, std::string* verb) {
  if (path.rfind(prefix, 0) != 0 || path.size() == prefix.size()) return false;
  const std::string rest = path.substr(prefix.size());
  const size_t slash = rest.find('/');
  *id = rest.substr(0, slash);
  *verb = slash == std::string::npos ? "" : rest.substr(slash + 1);
  return true;
}

std::string statistics(const std::string& id) {
  std::string text;
  const HRESULT hresult = describe_network_object(NetworkObject::kEndpoint, id, Form::kOlder, &text);
  if (FAILED(hresult)) return failure(hresult);
  return success("{\"BytesReceived\":100,\"BytesSent\":200,\"PacketsReceived\":3,\"PacketsSent\":4,\"EndpointId\":" +
                 quote_json(id) + "}");
}

std::string respond(const std::string& method, const std::string& path, const std::string& request) {
  std::string id, verb;
  if (method == "GET" && path == "/networks/") return describe_all(NetworkObject::kNetwork);
  if (method == "GET" && path == "/endpoints/") return describe_all(NetworkObject::kEndpoint);
  if (method == "POST" && path == "/endpoints/") return create(request);
  if (method == "GET" && split(path, "/endpointstats/", &id, &verb)) return statistics(id);
  if (split(path, "/endpoints/", &id, &verb)) {
    if (method == "GET" && verb.empty()) return describe(NetworkObject::kEndpoint, id);
    if (method == "DELETE" && verb.empty()) return outcome(delete_endpoint(id));
    if (method == "POST" && verb == "attach") return outcome(attach_endpoint(id, request, true));
    if (method == "POST" && verb == "detach") return outcome(attach_endpoint(id, request, false));
  }
  World::get().violate("HNSCall: no such request: " + method + " " + path);
  return failure(E_INVALIDARG);
}

}  // namespace

FAKE_EXPORT HRESULT vmcompute_HNSCall(PCWSTR method, PCWSTR path, PCWSTR request, PWSTR* response) {
  *response = nullptr;
  // By the method or the request too: a test may mean one of them.
  const std::string by_method = "HNSCall " + narrow(method);
  Fault fault;
  for (const std::string& name : {std::string("HNSCall"), by_method, by_method + " " + narrow(path)}) {
    fault = World::get().fault_for(name.c_str());
    if (fault.hresult || fault.garbage) break;
  }
  if (!fault.document.empty()) *response = give(Allocator::kCoTaskMem, fault.document);
  if (fault.hresult) return *fault.hresult;
  const std::string text = respond(narrow(method), narrow(path), narrow(request));
  *response = give(Allocator::kCoTaskMem, fault.garbage ? "<garbage>" : text);
  return S_OK;
}

}  // namespace fake
