import type { CType, Library, NativeFunction, NativeTypes } from '../native/library.js';

/** What computenetwork.dll exports for one kind of object. */
export interface HcnObjectFunctions {
  readonly enumerate: HcnFunction;
  readonly create: HcnFunction;
  readonly open: HcnFunction;
  readonly query: HcnFunction;
  readonly remove: HcnFunction;
  readonly close: HcnFunction;
}

export interface HcnFunction {
  readonly name: string;
  readonly call: NativeFunction;
}

export interface HcnFunctions {
  readonly network: Pick<HcnObjectFunctions, 'enumerate' | 'open' | 'query' | 'close'>;
  readonly endpoint: HcnObjectFunctions;
  readonly namespace: HcnObjectFunctions & { readonly modify: HcnFunction };
}

/** By the signatures of computenetwork.h. */
export function bindHcn(library: Library, { handle, outHandle, guid, outText }: NativeTypes): HcnFunctions {
  const bind = (name: string, parameters: readonly CType[]): HcnFunction => ({
    name,
    call: library.function(name, parameters),
  });
  const readers = (one: string, many: string): HcnFunctions['network'] => ({
    enumerate: bind(`HcnEnumerate${many}`, ['str16', outText, outText]),
    open: bind(`HcnOpen${one}`, [guid, outHandle, outText]),
    query: bind(`HcnQuery${one}Properties`, [handle, 'str16', outText, outText]),
    close: bind(`HcnClose${one}`, [handle]),
  });
  return {
    network: readers('Network', 'Networks'),
    endpoint: {
      ...readers('Endpoint', 'Endpoints'),
      // The only one that is made in something else, whose handle comes first.
      create: bind('HcnCreateEndpoint', [handle, guid, 'str16', outHandle, outText]),
      remove: bind('HcnDeleteEndpoint', [guid, outText]),
    },
    namespace: {
      ...readers('Namespace', 'Namespaces'),
      create: bind('HcnCreateNamespace', [guid, 'str16', outHandle, outText]),
      modify: bind('HcnModifyNamespace', [handle, 'str16', outText]),
      remove: bind('HcnDeleteNamespace', [guid, outText]),
    },
  };
}
