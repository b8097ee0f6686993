// Transfers of whole containers. The fake maps no directories, so the container's staging directory is put where it looks.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { driverHome } from '../support/driver.js';
import { rejection } from '../support/fake.js';
import { after, afterEach, test } from '../support/node-test.js';

const home = driverHome();
// `C:\chef\staging` of the container `chef`.
process.env['CONTAINERV_DATA_DIR'] = 'C:\\';
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

test('files go in and come out, and nothing stays in between', async () => {
  await using container = await home.create({ id: 'chef', windows: { isolation: 'process' } });
  const folder = path.join(home.image.folder, 'exchange');
  mkdirSync(path.join(folder, 'from'), { recursive: true });
  writeFileSync(path.join(folder, 'from', 'one'), 'first');
  const inside = `${folder.slice('C:'.length).replaceAll('\\', '/')}/inside`;
  const up = await container.upload([
    { from: path.join(folder, 'from'), to: inside },
    { from: Buffer.from('second'), to: `${inside}/two` },
  ]);
  assert.deepEqual([up.files, up.bytes, up.failed], [2, 11, 0]);
  assert.equal(readFileSync(path.join(folder, 'inside', 'two'), 'utf8'), 'second');
  const down = await container.download([{ from: inside, to: path.join(folder, 'back') }]);
  assert.deepEqual([down.files, down.bytes, down.failed], [2, 11, 0]);
  assert.equal(readFileSync(path.join(folder, 'back', 'one'), 'utf8'), 'first');
  const error = await rejection(container.download([{ from: `${inside}/none`, to: path.join(folder, 'x') }]));
  assert.equal(error.name, 'TransferError');
  assert.deepEqual(readdirSync('C:\\chef\\staging'), []);
  await container.stop();
  const stopped = container.upload([{ from: Buffer.from('x'), to: `${inside}/x` }]);
  assert.equal((await rejection(stopped))['code'], 'ERR_CONTAINERV_STATE');
});
