import { ContainervError } from 'containerv-api';
import { readEndpointV2 } from '../../src/answers/read-endpoint.js';
import { endpointV2 } from '../../src/documents/endpoint-v2.js';
import type { EndpointSettings } from '../../src/endpoint-settings.js';
import type { EndpointStatistics } from '../../src/host-networks.js';
import type { HnsEndpoint, HnsNamespace } from '../../src/hns-endpoint.js';
import type { HnsNetwork } from '../../src/hns-network.js';
import type { JsonObject } from '../../src/json.js';
import { containerOfEndpoint, isOwnNamespace } from '../../src/names.js';
import type { HnsApi } from '../../src/service/hns-api.js';
import { NAT } from './options.js';

/** The service in memory, as strict as the real one where order matters, and failing where it is told to. */
export class MemoryHns implements HnsApi {
  readonly library = 'computenetwork';
  readonly held: Map<string, HnsEndpoint> = new Map();
  readonly namespaces: Map<string, Set<string>> = new Map();
  readonly calls: string[] = [];
  /** Methods that fail, and with what. */
  readonly faults: Partial<Record<keyof HnsApi, Error>> = {};
  /** What the service makes of what was asked for. */
  change: (endpoint: HnsEndpoint) => HnsEndpoint = (endpoint) => endpoint;
  offered: HnsNetwork[] = [NAT];
  #last = 0;

  async networks(): Promise<HnsNetwork[]> {
    this.#called('networks');
    return this.offered;
  }

  async ownEndpoints(): Promise<HnsEndpoint[]> {
    this.#called('ownEndpoints');
    return [...this.held.values()].filter(({ name }) => containerOfEndpoint(name) !== undefined);
  }

  async endpoint(id: string): Promise<HnsEndpoint> {
    this.#called('endpoint');
    return this.#held(id);
  }

  async endpointDocument(id: string): Promise<JsonObject> {
    return { ID: this.#held(id).id };
  }

  async endpointStatistics(id: string): Promise<EndpointStatistics | null> {
    this.#held(id);
    return { rxBytes: 1, txBytes: 2, rxPackets: 3, txPackets: 4 };
  }

  async createEndpoint(networkId: string, settings: EndpointSettings): Promise<string> {
    this.#called('createEndpoint');
    const id = `00000000-0000-0000-0000-${String(++this.#last).padStart(12, '0')}`;
    const endpoint = readEndpointV2({ ID: id, ...endpointV2(settings, networkId) });
    this.held.set(id, this.change(endpoint));
    return id;
  }

  async deleteEndpoint(id: string): Promise<void> {
    this.#called('deleteEndpoint');
    if (this.held.get(id)?.namespaceId !== undefined)
      throw new ContainervError('ERR_CONTAINERV_HNS', 'in use');
    this.held.delete(id);
  }

  async attach(endpointId: string, containerId: string): Promise<void> {
    this.#called('attach');
    const endpoint = this.#held(endpointId);
    this.held.set(endpointId, { ...endpoint, containers: [...endpoint.containers, containerId] });
  }

  async detach(endpointId: string): Promise<void> {
    this.#called('detach');
    this.held.set(endpointId, { ...this.#held(endpointId), containers: [] });
  }

  async ownNamespaces(): Promise<HnsNamespace[]> {
    this.#called('ownNamespaces');
    return [...this.namespaces]
      .filter(([id]) => isOwnNamespace(id))
      .map(([id, endpoints]) => ({ id, endpointIds: [...endpoints] }));
  }

  async namespaceDocument(id: string): Promise<JsonObject> {
    return { ID: id };
  }

  async createNamespace(id: string): Promise<void> {
    this.#called('createNamespace');
    this.namespaces.set(id, new Set());
  }

  async addToNamespace(id: string, endpointId: string): Promise<void> {
    this.#called('addToNamespace');
    this.namespaces.get(id)?.add(endpointId);
    this.held.set(endpointId, { ...this.#held(endpointId), namespaceId: id });
  }

  async removeFromNamespace(id: string, endpointId: string): Promise<void> {
    this.#called('removeFromNamespace');
    this.namespaces.get(id)?.delete(endpointId);
    this.held.set(endpointId, { ...this.#held(endpointId), namespaceId: undefined });
  }

  async deleteNamespace(id: string): Promise<void> {
    this.#called('deleteNamespace');
    if ((this.namespaces.get(id)?.size ?? 0) > 0) throw new ContainervError('ERR_CONTAINERV_HNS', 'in use');
    this.namespaces.delete(id);
  }

  #held(id: string): HnsEndpoint {
    const endpoint = this.held.get(id);
    if (endpoint === undefined) throw new ContainervError('ERR_CONTAINERV_HNS', 'no such endpoint');
    return endpoint;
  }

  #called(method: keyof HnsApi): void {
    this.calls.push(method);
    const fault = this.faults[method];
    if (fault !== undefined) throw fault;
  }
}
