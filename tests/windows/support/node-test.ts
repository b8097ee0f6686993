import { describe as nodeDescribe, test as nodeTest, type TestOptions } from 'node:test';

/** As those of node:test, without the promises that nobody is to wait for. */
export function describe(name: string, body: () => void): void {
  void nodeDescribe(name, body);
}

export function test(name: string, body: () => Promise<void> | void, options: TestOptions = {}): void {
  void nodeTest(name, options, body);
}

export { after, afterEach, before, beforeEach } from 'node:test';
