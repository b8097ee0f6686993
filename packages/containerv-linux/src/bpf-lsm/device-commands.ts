import type { Assembler } from './assembler.js';
import { byBoth, Frame, Helper, type Layout, lookUp, type ProgramMaps } from './program-parts.js';

const WRITE = 2;
const BPF_ANY = 0;
const S_IFMT = 0xf000;
const S_IFCHR = 0x2000;
const S_IFBLK = 0x6000;

/**
 * Commands that the kernel does itself, whatever the device, which Landlock lets pass as well (is_masked_device_ioctl of
 * security/landlock/fs.c): about descriptors, and about the file system that the device's node is in.
 */
const PASSED = [
  0x5451, // FIOCLEX
  0x5450, // FIONCLEX
  0x5421, // FIONBIO
  0x5452, // FIOASYNC
  0x5460, // FIOQSIZE
  0xc004_5877, // FIFREEZE
  0xc004_5878, // FITHAW
  0xc020_660b, // FS_IOC_FIEMAP
  2, // FIGETBSZ
  0x4004_9409, // FICLONE
  0x4020_940d, // FICLONERANGE
  0xc018_9436, // FIDEDUPERANGE
  0x8011_1500, // FS_IOC_GETFSUUID
  0x8081_1501, // FS_IOC_GETFSSYSFSPATH
];

/**
 * Notes a device that is opened, with the rights in register 8, by who may not give it commands: it is the right at that
 * time that counts, so that what a process was handed works. Goes to `allowed`, or to `denied` when it cannot be noted.
 */
export function noteDevice(program: Assembler, layout: Layout, maps: ProgramMaps): void {
  program.set('and', 8, byBoth(WRITE)).jumpIf(8, 'eq', byBoth(WRITE), 'allowed');
  program.load(8, 6, 10, Frame.context).load(8, 6, 6, 0);
  program.load(8, 1, 6, layout.fileInode).load(2, 1, 1, layout.inodeMode).set('and', 1, S_IFMT);
  program.jumpIf(1, 'eq', S_IFCHR, 'device').jumpIf(1, 'ne', S_IFBLK, 'allowed');
  program.label('device').store(8, 10, Frame.file, 6);
  program.map(1, maps.devices).setTo('mov', 2, 10).set('add', 2, Frame.file);
  program.setTo('mov', 3, 10).set('add', 3, Frame.wanted).set('mov', 4, BPF_ANY).call(Helper.mapUpdate);
  program.jumpIf(0, 'ne', 0, 'denied').jump('allowed');
}

/** (file, command, argument) */
export function commandDevice(program: Assembler, maps: ProgramMaps): void {
  program.load(8, 1, 6, 0).store(8, 10, Frame.file, 1);
  lookUp(program, maps.devices, Frame.file).jumpIf(0, 'eq', 0, 'ignored');
  program.load(8, 1, 6, 8);
  for (const command of PASSED) program.jumpIfLow(1, command | 0, 'ignored');
  program.jump('denied');
}

/** (file), of whoever closes it last, in a container or not: the next file may lie at the same place. */
export function forgetFile(program: Assembler, maps: ProgramMaps): void {
  program.load(8, 1, 1, 0).store(8, 10, Frame.file, 1);
  lookUp(program, maps.devices, Frame.file).jumpIf(0, 'eq', 0, 'ignored');
  program.map(1, maps.devices).setTo('mov', 2, 10).set('add', 2, Frame.file).call(Helper.mapDelete);
}
