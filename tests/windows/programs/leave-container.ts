// Makes a container, says so, and waits to be killed. Its argument is the image.
import { createOn } from '../../../packages/containerv-windows/src/create-container.js';

await createOn({ build: 20_348, processors: 2, arch: 'x64' }, { id: 'killed', rootfs: process.argv[2] });
process.stdout.write('made\n');
setInterval(() => {}, 60_000);
