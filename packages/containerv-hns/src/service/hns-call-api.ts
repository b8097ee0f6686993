import { ContainervError, isContainervError } from 'containerv-api';
import { readEndpointV1 } from '../answers/read-endpoint.js';
import { AnswerObject, answerList } from '../answers/read-json.js';
import { readNetwork } from '../answers/read-network.js';
import { attachmentV1, endpointV1 } from '../documents/endpoint-v1.js';
import type { EndpointSettings } from '../endpoint-settings.js';
import type { EndpointStatistics } from '../host-networks.js';
import type { HnsEndpoint, HnsNamespace } from '../hns-endpoint.js';
import type { HnsNetwork } from '../hns-network.js';
import { isNotAttached, isNotFound } from '../hresult.js';
import type { JsonObject } from '../json.js';
import { containerOfEndpoint } from '../names.js';
import type { HnsApi } from './hns-api.js';
import type { HnsCall } from './hns-call.js';

/** The service through `HNSCall`, which every build has. */
export class HnsCallApi implements HnsApi {
  readonly library = 'vmcompute';
  readonly #hns: HnsCall;

  constructor(hns: HnsCall) {
    this.#hns = hns;
  }

  async networks(): Promise<HnsNetwork[]> {
    const answer = await this.#hns.request('list networks', 'GET', '/networks/');
    return answerList(answer, 'the list of networks').map(readNetwork);
  }

  async ownEndpoints(): Promise<HnsEndpoint[]> {
    const answer = await this.#hns.request('list endpoints', 'GET', '/endpoints/');
    return answerList(answer, 'the list of endpoints').filter(isOwn).map(readEndpointV1);
  }

  async endpoint(id: string): Promise<HnsEndpoint> {
    return readEndpointV1(await this.endpointDocument(id));
  }

  async endpointDocument(id: string): Promise<JsonObject> {
    const answer = await this.#hns.request('query endpoint', 'GET', `/endpoints/${id}`);
    return new AnswerObject(answer, 'endpoint').raw() as JsonObject;
  }

  async endpointStatistics(id: string): Promise<EndpointStatistics | null> {
    const answer = new AnswerObject(
      await this.#hns.request('query endpoint statistics', 'GET', `/endpointstats/${id}`),
      'statistics',
    );
    if (!answer.has('BytesReceived')) return null;
    return {
      rxBytes: answer.integer('BytesReceived'),
      txBytes: answer.integer('BytesSent'),
      rxPackets: answer.integer('PacketsReceived'),
      txPackets: answer.integer('PacketsSent'),
    };
  }

  async createEndpoint(networkId: string, settings: EndpointSettings): Promise<string> {
    const idOf = (answer: unknown): string => new AnswerObject(answer, 'endpoint').guid('ID');
    const answer = await this.#hns.request(
      'create endpoint',
      'POST',
      '/endpoints/',
      endpointV1(settings, networkId),
      async (late) => this.deleteEndpoint(idOf(late)),
    );
    return idOf(answer);
  }

  async deleteEndpoint(id: string): Promise<void> {
    await unlessGone(this.#hns.request('delete endpoint', 'DELETE', `/endpoints/${id}`));
  }

  async attach(endpointId: string, containerId: string): Promise<void> {
    await this.#hns.request(
      'attach endpoint',
      'POST',
      `/endpoints/${endpointId}/attach`,
      attachmentV1(containerId),
    );
  }

  async detach(endpointId: string, containerId: string): Promise<void> {
    await unlessGone(
      this.#hns.request(
        'detach endpoint',
        'POST',
        `/endpoints/${endpointId}/detach`,
        attachmentV1(containerId),
      ),
    );
  }

  async ownNamespaces(): Promise<HnsNamespace[]> {
    return [];
  }

  async namespaceDocument(): Promise<JsonObject> {
    throw noNamespaces();
  }

  async createNamespace(): Promise<void> {
    throw noNamespaces();
  }

  async addToNamespace(): Promise<void> {
    throw noNamespaces();
  }

  async removeFromNamespace(id: string): Promise<void> {
    throw noNamespaces(id);
  }

  async deleteNamespace(): Promise<void> {
    throw noNamespaces();
  }
}

function isOwn(endpoint: unknown): boolean {
  const name = new AnswerObject(endpoint, 'endpoint').optionalText('Name');
  return name !== undefined && containerOfEndpoint(name) !== undefined;
}

/** For what removes: somebody else was quicker. */
export async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isContainervError(error)) throw error;
    const gone =
      error.code === 'ERR_CONTAINERV_NOT_FOUND' || isNotFound(error.hresult) || isNotAttached(error.hresult);
    if (!gone) throw error;
  }
}

function noNamespaces(id?: string): ContainervError {
  const which = id === undefined ? '' : ` '${id}'`;
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `HNSCall of this package has no namespaces${which}: they are for documents of schema v2`,
    {
      step: 'attach network',
      hint: 'Use computenetwork.dll (build 17763 or later), or attach by endpoint list.',
    },
  );
}
