import { isContainervError } from 'containerv-api';
import { readEndpointV2, readNamespace } from '../answers/read-endpoint.js';
import { AnswerObject, answerList, guid, parseAnswer } from '../answers/read-json.js';
import { readNetwork } from '../answers/read-network.js';
import { endpointV2 } from '../documents/endpoint-v2.js';
import { namespaceEndpoint, namespaceV2, queryV2 } from '../documents/namespace.js';
import type { EndpointSettings } from '../endpoint-settings.js';
import { hnsError, hnsGarbage } from '../hns-error.js';
import type { EndpointStatistics } from '../host-networks.js';
import type { HnsEndpoint, HnsNamespace } from '../hns-endpoint.js';
import type { HnsNetwork } from '../hns-network.js';
import { isNotFound } from '../hresult.js';
import type { JsonObject } from '../json.js';
import { containerOfEndpoint, isOwnNamespace } from '../names.js';
import { ANY_GUID, parseGuid } from '../native/guid.js';
import { withDeadline } from './deadline.js';
import type { HcnFunction, HcnFunctions } from './hcn-functions.js';
import type { HnsApi } from './hns-api.js';
import { type HnsCallApi, unlessGone } from './hns-call-api.js';

type Readers = HcnFunctions['network'];
type Text = [string | null];

/** The service through computenetwork.dll. Some things only the older form has; `older` is for those. */
export class HcnApi implements HnsApi {
  readonly library = 'computenetwork';
  readonly #functions: HcnFunctions;
  readonly #older: HnsCallApi;
  readonly #ms: number;

  constructor(functions: HcnFunctions, older: HnsCallApi, ms: number) {
    this.#functions = functions;
    this.#older = older;
    this.#ms = ms;
  }

  async networks(): Promise<HnsNetwork[]> {
    // The newer form does not tell the name of the switch.
    const older = new Map((await this.#older.networks()).map(({ id, switchName }) => [id, switchName]));
    const documents = await this.#list('list networks', this.#functions.network);
    return documents.map(readNetwork).map((network) => {
      const switchName = network.switchName ?? older.get(network.id);
      return switchName === undefined ? network : { ...network, switchName };
    });
  }

  async ownEndpoints(): Promise<HnsEndpoint[]> {
    const documents = await this.#list('list endpoints', this.#functions.endpoint);
    return documents.filter(isOwnEndpoint).map(readEndpointV2);
  }

  async endpoint(id: string): Promise<HnsEndpoint> {
    return readEndpointV2(await this.#describe('query endpoint', this.#functions.endpoint, id));
  }

  async endpointDocument(id: string): Promise<JsonObject> {
    return this.#older.endpointDocument(id);
  }

  async endpointStatistics(id: string): Promise<EndpointStatistics | null> {
    return this.#older.endpointStatistics(id);
  }

  async createEndpoint(networkId: string, settings: EndpointSettings): Promise<string> {
    const { network, endpoint } = this.#functions;
    const step = 'create endpoint';
    const create = this.#withHandle(step, network, networkId, async (networkHandle) => {
      const handle: [unknown] = [null];
      const record: Text = [null];
      const document = JSON.stringify(endpointV2(settings, networkId));
      const hresult = await endpoint.create.call(networkHandle, ANY_GUID, document, handle, record);
      check(step, endpoint.create, hresult, record, settings.name);
      return this.#thenClose(endpoint.close, handle[0], async () =>
        readEndpointV2(await this.#query(step, endpoint, handle[0])),
      );
    });
    const made = await withDeadline(endpoint.create.name, this.#ms, create, async ({ id }) =>
      this.deleteEndpoint(id),
    );
    return made.id;
  }

  async deleteEndpoint(id: string): Promise<void> {
    await this.#remove('delete endpoint', this.#functions.endpoint.remove, id);
  }

  async attach(endpointId: string, containerId: string): Promise<void> {
    await this.#older.attach(endpointId, containerId);
  }

  async detach(endpointId: string, containerId: string): Promise<void> {
    await this.#older.detach(endpointId, containerId);
  }

  async ownNamespaces(): Promise<HnsNamespace[]> {
    const documents = await this.#list('list namespaces', this.#functions.namespace, isOwnNamespace);
    return documents.map(readNamespace);
  }

  async namespaceDocument(id: string): Promise<JsonObject> {
    const answer = await this.#describe('query namespace', this.#functions.namespace, id);
    return new AnswerObject(answer, 'namespace').raw() as JsonObject;
  }

  async createNamespace(id: string): Promise<void> {
    const { create, close } = this.#functions.namespace;
    const work = async (): Promise<void> => {
      const handle: [unknown] = [null];
      const record: Text = [null];
      const hresult = await create.call(parseGuid(id), JSON.stringify(namespaceV2()), handle, record);
      check('create namespace', create, hresult, record, id);
      await this.#thenClose(close, handle[0], async () => {});
    };
    await withDeadline(create.name, this.#ms, work(), async () => this.deleteNamespace(id));
  }

  async addToNamespace(id: string, endpointId: string): Promise<void> {
    await this.#modifyNamespace('Add', id, endpointId);
  }

  async removeFromNamespace(id: string, endpointId: string): Promise<void> {
    await unlessGone(this.#modifyNamespace('Remove', id, endpointId));
  }

  async deleteNamespace(id: string): Promise<void> {
    await this.#remove('delete namespace', this.#functions.namespace.remove, id);
  }

  async #modifyNamespace(request: 'Add' | 'Remove', id: string, endpointId: string): Promise<void> {
    const { namespace } = this.#functions;
    const step = request === 'Add' ? 'attach endpoint' : 'detach endpoint';
    const work = this.#withHandle(step, namespace, id, async (handle) => {
      const record: Text = [null];
      const document = JSON.stringify(namespaceEndpoint(request, endpointId));
      const hresult = await namespace.modify.call(handle, document, record);
      check(step, namespace.modify, hresult, record, endpointId);
    });
    await withDeadline(namespace.modify.name, this.#ms, work);
  }

  async #remove(step: string, remove: HcnFunction, id: string): Promise<void> {
    const work = async (): Promise<void> => {
      const record: Text = [null];
      check(step, remove, await remove.call(parseGuid(id), record), record, id);
    };
    await unlessGone(withDeadline(remove.name, this.#ms, work()));
  }

  /** What `wanted` accepts of everything there is. What goes away meanwhile is left out. */
  async #list(step: string, kind: Readers, wanted: (id: string) => boolean = () => true): Promise<unknown[]> {
    const work = async (): Promise<unknown[]> => {
      const ids: Text = [null];
      const record: Text = [null];
      const hresult = await kind.enumerate.call(JSON.stringify(queryV2()), ids, record);
      check(step, kind.enumerate, hresult, record);
      const documents: unknown[] = [];
      for (const id of answerList(parseAnswer(ids[0], 'the list'), 'the list')) {
        if (typeof id !== 'string') throw hnsGarbage(step, 'an id is not a text');
        const clean = guid(id, 'an id');
        if (!wanted(clean)) continue;
        try {
          documents.push(
            await this.#withHandle(step, kind, clean, async (handle) => this.#query(step, kind, handle)),
          );
        } catch (error) {
          if (!isContainervError(error) || !isNotFound(error.hresult)) throw error;
        }
      }
      return documents;
    };
    return withDeadline(kind.enumerate.name, this.#ms, work());
  }

  async #describe(step: string, kind: Readers, id: string): Promise<unknown> {
    const work = this.#withHandle(step, kind, id, async (handle) => this.#query(step, kind, handle));
    return withDeadline(kind.query.name, this.#ms, work);
  }

  async #query(step: string, { query }: Readers, handle: unknown): Promise<unknown> {
    const properties: Text = [null];
    const record: Text = [null];
    const hresult = await query.call(handle, JSON.stringify(queryV2()), properties, record);
    check(step, query, hresult, record);
    return parseAnswer(properties[0], 'the description');
  }

  async #withHandle<Result>(
    step: string,
    { open, close }: Pick<Readers, 'open' | 'close'>,
    id: string,
    use: (handle: unknown) => Promise<Result>,
  ): Promise<Result> {
    const handle: [unknown] = [null];
    const record: Text = [null];
    check(step, open, await open.call(parseGuid(id), handle, record), record, id);
    return this.#thenClose(close, handle[0], async () => use(handle[0]));
  }

  async #thenClose<Result>(close: HcnFunction, handle: unknown, use: () => Promise<Result>): Promise<Result> {
    try {
      return await use();
    } finally {
      // What cannot be closed is gone with the service.
      await close.call(handle);
    }
  }
}

function isOwnEndpoint(document: unknown): boolean {
  const name = new AnswerObject(document, 'endpoint').optionalText('Name');
  return name !== undefined && containerOfEndpoint(name) !== undefined;
}

/** A record is a failure, whatever the HRESULT says. */
function check(step: string, { name }: HcnFunction, hresult: number, record: Text, subject?: string): void {
  const said = record[0];
  if (hresult < 0 || (said !== null && said !== ''))
    throw hnsError({ step, call: name, hresult, record: said, subject });
}
