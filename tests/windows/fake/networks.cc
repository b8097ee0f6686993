#include "networks.h"

#include <map>
#include <mutex>
#include <set>

#include "schema.h"
#include "text.h"
#include "world.h"

namespace fake {
namespace {

struct Network {
  std::string name, type, switch_name, prefix, gateway;
};

struct Address {
  std::string address;
  int prefix_length;
};

struct Endpoint {
  std::string name, network, mac, namespace_id;
  std::vector<Address> addresses;
  std::vector<std::string> gateways, dns;
  Form form;
  std::vector<Json> policies;
  std::vector<std::string> containers;
};

std::recursive_mutex mutex;
// In the order in which a test named them.
std::vector<std::pair<std::string, Network>> networks;
std::map<std::string, Endpoint> endpoints;
std::map<std::string, std::set<std::string>> namespaces;
// What this service says to have accepted and does not do.
std::set<std::string> dropped;
int last = 0;

bool is_v6(const std::string& address) { return address.find(':') != std::string::npos; }

std::string text_of(const Json& value) {
  switch (value.kind) {
    case Json::Kind::kNull:
      return "null";
    case Json::Kind::kBoolean:
      return value.boolean ? "true" : "false";
    case Json::Kind::kNumber:
      return std::to_string(static_cast<long long>(value.number));
    case Json::Kind::kString:
      return quote_json(value.text);
    case Json::Kind::kArray: {
      std::string text = "[";
      for (const Json& item : value.items) text += (text.size() > 1 ? "," : "") + text_of(item);
      return text + "]";
    }
    case Json::Kind::kObject: {
      std::string text = "{";
      for (const auto& [name, member] : value.members) {
        text += (text.size() > 1 ? "," : "") + quote_json(name) + ":" + text_of(member);
      }
      return text + "}";
    }
  }
  return "";
}

std::string member(const char* name, const std::string& value) {
  return value.empty() ? "" : std::string(",\"") + name + "\":" + quote_json(value);
}

std::string list(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) text += (text.size() > 1 ? "," : "") + quote_json(value);
  return text + "]";
}

std::string describe(const std::string& id, const Network& network, Form form) {
  std::string text = "{\"ID\":" + quote_json(id) + member("Name", network.name);
  if (form == Form::kOlder) {
    // Only here.
    text += member("Type", network.type) + member("SwitchName", network.switch_name);
    return text + ",\"Subnets\":[{\"AddressPrefix\":" + quote_json(network.prefix) +
           member("GatewayAddress", network.gateway) + "}]}";
  }
  // Its zero value is left out.
  if (network.type != "NAT") text += member("Type", network.type);
  text += ",\"SchemaVersion\":{\"Major\":2,\"Minor\":0},\"Ipams\":[{\"Type\":\"Static\",\"Subnets\":[{\"IpAddressPrefix\":";
  return text + quote_json(network.prefix) + ",\"Routes\":[{\"NextHop\":" + quote_json(network.gateway) +
         ",\"DestinationPrefix\":\"0.0.0.0/0\"}]}]}]}";
}

std::string policies(const Endpoint& endpoint) {
  std::string text = "[";
  for (const Json& policy : endpoint.policies) text += (text.size() > 1 ? "," : "") + text_of(policy);
  return text + "]";
}

std::string older(const std::string& id, const Endpoint& endpoint) {
  std::string text = "{\"ID\":" + quote_json(id) + member("Name", endpoint.name) +
                     member("VirtualNetwork", endpoint.network) + member("MacAddress", endpoint.mac);
  for (const Address& each : endpoint.addresses) {
    text += member(is_v6(each.address) ? "IPv6Address" : "IPAddress", each.address);
    text += (is_v6(each.address) ? ",\"IPv6PrefixLength\":" : ",\"PrefixLength\":") + std::to_string(each.prefix_length);
  }
  for (const std::string& each : endpoint.gateways) {
    text += member(is_v6(each) ? "GatewayAddressV6" : "GatewayAddress", each);
  }
  std::string servers;
  for (const std::string& each : endpoint.dns) servers += (servers.empty() ? "" : ",") + each;
  text += member("DNSServerList", servers) + ",\"SharedContainers\":" + list(endpoint.containers) + ",\"State\":1";
  if (!endpoint.namespace_id.empty()) text += ",\"Namespace\":{\"ID\":" + quote_json(endpoint.namespace_id) + "}";
  return text + ",\"Policies\":" + (endpoint.form == Form::kOlder ? policies(endpoint) : "[]") + "}";
}

std::string newer(const std::string& id, const Endpoint& endpoint) {
  std::string text = "{\"ID\":" + quote_json(id) + member("Name", endpoint.name) +
                     member("HostComputeNetwork", endpoint.network) + member("MacAddress", endpoint.mac) +
                     member("HostComputeNamespace", endpoint.namespace_id) + ",\"IpConfigurations\":[";
  for (const Address& each : endpoint.addresses) {
    text += (text.back() == '[' ? "" : ",") + ("{\"IpAddress\":" + quote_json(each.address)) +
            ",\"PrefixLength\":" + std::to_string(each.prefix_length) + "}";
  }
  text += "],\"Routes\":[";
  for (const std::string& each : endpoint.gateways) {
    text += (text.back() == '[' ? "" : ",") + ("{\"NextHop\":" + quote_json(each)) + ",\"DestinationPrefix\":" +
            (is_v6(each) ? "\"::/0\"}" : "\"0.0.0.0/0\"}");
  }
  text += "],\"Dns\":{\"ServerList\":" + list(endpoint.dns) + "},\"Flags\":0";
  return text + ",\"Policies\":" + (endpoint.form == Form::kNewer ? policies(endpoint) : "[]") + "}";
}

const Network* find_network(const std::string& id) {
  for (const auto& [each, network] : networks) {
    if (each == id) return &network;
  }
  return nullptr;
}

void read_older(const Json& document, Endpoint* endpoint) {
  if (const std::string v4 = document.text_of("IPAddress"); !v4.empty()) {
    endpoint->addresses.push_back({v4, static_cast<int>(document.number_of("PrefixLength", 0))});
  }
  if (const std::string v6 = document.text_of("IPv6Address"); !v6.empty()) {
    endpoint->addresses.push_back({v6, static_cast<int>(document.number_of("IPv6PrefixLength", 0))});
  }
  for (const char* name : {"GatewayAddress", "GatewayAddressV6"}) {
    if (const std::string gateway = document.text_of(name); !gateway.empty()) endpoint->gateways.push_back(gateway);
  }
  std::string servers = document.text_of("DNSServerList");
  while (!servers.empty()) {
    const size_t comma = servers.find(',');
    endpoint->dns.push_back(servers.substr(0, comma));
    servers = comma == std::string::npos ? "" : servers.substr(comma + 1);
  }
}

void read_newer(const Json& document, Endpoint* endpoint) {
  if (const Json* configurations = document.find("IpConfigurations")) {
    for (const Json& each : configurations->items) {
      endpoint->addresses.push_back({each.text_of("IpAddress"), static_cast<int>(each.number_of("PrefixLength", 0))});
    }
  }
  if (const Json* routes = document.find("Routes")) {
    for (const Json& each : routes->items) endpoint->gateways.push_back(each.text_of("NextHop"));
  }
  const Json* dns = document.find("Dns");
  if (const Json* servers = dns == nullptr ? nullptr : dns->find("ServerList")) {
    for (const Json& each : servers->items) endpoint->dns.push_back(each.text);
  }
}

// The settings of a policy, wherever its form has them.
const Json& settings_of(const Json& policy) {
  const Json* settings = policy.find("Settings");
  return settings == nullptr ? policy : *settings;
}

HRESULT conflict(const Endpoint& wanted) {
  for (const auto& [id, other] : endpoints) {
    for (const Address& mine : wanted.addresses) {
      for (const Address& theirs : other.addresses) {
        if (mine.address == theirs.address && wanted.network == other.network) return kAddressReserved;
      }
    }
    for (const Json& mine : wanted.policies) {
      const double port = settings_of(mine).number_of("ExternalPort", 0);
      for (const Json& theirs : other.policies) {
        if (port > 0 && settings_of(theirs).number_of("ExternalPort", 0) == port) return kPortTaken;
      }
    }
  }
  return S_OK;
}

void drop(Endpoint* endpoint) {
  if (dropped.contains("address")) endpoint->addresses.clear();
  if (dropped.contains("gateway")) endpoint->gateways.clear();
  if (dropped.contains("dns")) endpoint->dns.clear();
  std::erase_if(endpoint->policies, [](const Json& policy) { return dropped.contains(policy.text_of("Type")); });
}

}  // namespace

std::string guid_text(const GUID* guid) {
  char text[64];
  const unsigned char* d = guid->Data4;
  wsprintfA(text, "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", guid->Data1, guid->Data2, guid->Data3, d[0], d[1],
            d[2], d[3], d[4], d[5], d[6], d[7]);
  return text;
}

std::string network_document(const char* function, const std::string& schema, const std::string& text, Json* document) {
  std::string error = parse_json(text, document) ? schema_error(schema, *document) : "not JSON";
  if (!error.empty()) World::get().violate(std::string(function) + ": " + error);
  return error;
}

std::vector<std::string> network_objects(NetworkObject kind) {
  const std::lock_guard lock(mutex);
  std::vector<std::string> ids;
  if (kind == NetworkObject::kNetwork) {
    for (const auto& [id, network] : networks) ids.push_back(id);
  } else if (kind == NetworkObject::kEndpoint) {
    for (const auto& [id, endpoint] : endpoints) ids.push_back(id);
  } else {
    for (const auto& [id, held] : namespaces) ids.push_back(id);
  }
  return ids;
}

HRESULT describe_network_object(NetworkObject kind, const std::string& id, Form form, std::string* text) {
  const std::lock_guard lock(mutex);
  if (kind == NetworkObject::kNetwork) {
    const Network* network = find_network(id);
    if (network == nullptr) return kNetworkNotFound;
    *text = describe(id, *network, form);
  } else if (kind == NetworkObject::kEndpoint) {
    const auto found = endpoints.find(id);
    if (found == endpoints.end()) return kEndpointNotFound;
    *text = form == Form::kOlder ? older(id, found->second) : newer(id, found->second);
  } else {
    const auto found = namespaces.find(id);
    if (found == namespaces.end()) return kElementNotFound;
    *text = "{\"ID\":" + quote_json(id) + ",\"SchemaVersion\":{\"Major\":2,\"Minor\":0},\"Resources\":[";
    for (const std::string& endpoint : found->second) {
      *text += (text->back() == '[' ? "" : ",") + ("{\"Type\":\"Endpoint\",\"Data\":{\"Id\":" + quote_json(endpoint)) + "}}";
    }
    *text += "]}";
  }
  return S_OK;
}

HRESULT create_endpoint(const std::string& network, const std::string& text, Form form, std::string* id,
                        std::string* why) {
  Json document;
  const bool is_older = form == Form::kOlder;
  *why = network_document("create endpoint", is_older ? "hns-endpoint" : "hcn-endpoint", text, &document);
  if (!why->empty()) return kInvalidNetworkJson;
  const std::lock_guard lock(mutex);
  Endpoint endpoint;
  endpoint.form = form;
  endpoint.name = document.text_of("Name");
  endpoint.network = document.text_of(is_older ? "VirtualNetwork" : "HostComputeNetwork");
  const Network* in = find_network(endpoint.network);
  if (in == nullptr || (!network.empty() && network != endpoint.network)) return kNetworkNotFound;
  is_older ? read_older(document, &endpoint) : read_newer(document, &endpoint);
  if (const Json* all = document.find("Policies")) endpoint.policies = all->items;
  if (const HRESULT taken = conflict(endpoint); FAILED(taken)) return taken;
  drop(&endpoint);
  const int number = ++last;
  if (endpoint.addresses.empty()) endpoint.addresses.push_back({"172.20.200." + std::to_string(number % 250 + 1), 16});
  if (endpoint.gateways.empty() && !dropped.contains("gateway")) endpoint.gateways.push_back(in->gateway);
  endpoint.mac = document.text_of("MacAddress");
  char made[64];
  wsprintfA(made, "00-15-5D-00-%02X-%02X", number / 256, number % 256);
  if (endpoint.mac.empty()) endpoint.mac = made;
  wsprintfA(made, "0e0d0000-0000-4000-8000-%012x", number);
  if (id->empty()) *id = made;
  endpoints[*id] = endpoint;
  return S_OK;
}

HRESULT delete_endpoint(const std::string& id) {
  const std::lock_guard lock(mutex);
  const auto found = endpoints.find(id);
  if (found == endpoints.end()) return kEndpointNotFound;
  if (!found->second.namespace_id.empty()) World::get().violate("delete endpoint: it is still in a namespace");
  if (!found->second.containers.empty()) World::get().violate("delete endpoint: it is still attached");
  endpoints.erase(found);
  return S_OK;
}

HRESULT attach_endpoint(const std::string& id, const std::string& text, bool attach) {
  Json document;
  if (!network_document("attach endpoint", "hns-attachment", text, &document).empty()) return kInvalidNetworkJson;
  const std::lock_guard lock(mutex);
  const auto found = endpoints.find(id);
  if (found == endpoints.end()) return kEndpointNotFound;
  const std::string container = document.text_of("ContainerId");
  if (attach) {
    found->second.containers.push_back(container);
    return S_OK;
  }
  return std::erase(found->second.containers, container) == 0 ? kEndpointNotAttached : S_OK;
}

HRESULT create_namespace(const std::string& id, const std::string& text) {
  Json document;
  if (!network_document("create namespace", "hcn-namespace", text, &document).empty()) return kInvalidNetworkJson;
  const std::lock_guard lock(mutex);
  return namespaces.try_emplace(id).second ? S_OK : HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS);
}

HRESULT modify_namespace(const std::string& id, const std::string& text) {
  Json document;
  if (!network_document("modify namespace", "hcn-modify-namespace", text, &document).empty()) return kInvalidNetworkJson;
  const std::lock_guard lock(mutex);
  const auto found = namespaces.find(id);
  if (found == namespaces.end()) return kElementNotFound;
  const auto endpoint = endpoints.find(document.find("Settings")->text_of("EndpointId"));
  if (endpoint == endpoints.end()) return kEndpointNotFound;
  if (document.text_of("RequestType") == "Remove") {
    if (found->second.erase(endpoint->first) == 0) return kEndpointNotAttached;
    endpoint->second.namespace_id.clear();
    return S_OK;
  }
  if (!endpoint->second.namespace_id.empty()) return kInNamespaceAlready;
  found->second.insert(endpoint->first);
  endpoint->second.namespace_id = id;
  return S_OK;
}

HRESULT delete_namespace(const std::string& id) {
  const std::lock_guard lock(mutex);
  const auto found = namespaces.find(id);
  if (found == namespaces.end()) return kElementNotFound;
  if (!found->second.empty()) return kNetworkRequestUnsupported;
  namespaces.erase(found);
  return S_OK;
}

// {"networks": [{"id", "name", "type", "switchName", "prefix", "gateway"}], "dropped": ["address", "ACL", ...]}
FAKE_EXPORT int FakeNetworks(PCWSTR text) {
  Json wish;
  if (!parse_json(narrow(text), &wish)) return 0;
  const std::lock_guard lock(mutex);
  networks.clear();
  dropped.clear();
  if (const Json* list = wish.find("networks")) {
    for (const Json& each : list->items) {
      const Network network = {each.text_of("name"), each.text_of("type"), each.text_of("switchName"),
                               each.text_of("prefix"), each.text_of("gateway")};
      networks.emplace_back(each.text_of("id"), network);
    }
  }
  if (const Json* list = wish.find("dropped")) {
    for (const Json& each : list->items) dropped.insert(each.text);
  }
  return 1;
}

// {"endpoints": names, "namespaces": ids} that are still there; all of them are gone after it.
FAKE_EXPORT int FakeNetworksReport(char* buffer, int size) {
  const std::lock_guard lock(mutex);
  std::vector<std::string> names;
  for (const auto& [id, endpoint] : endpoints) names.push_back(endpoint.name);
  const std::string report =
      "{\"endpoints\":" + list(names) + ",\"namespaces\":" + list(network_objects(NetworkObject::kNamespace)) + "}";
  endpoints.clear();
  namespaces.clear();
  if (static_cast<int>(report.size()) + 1 > size) return 0;
  report.copy(buffer, report.size());
  buffer[report.size()] = '\0';
  return 1;
}

}  // namespace fake
