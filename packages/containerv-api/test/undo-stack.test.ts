import { expect, test } from 'vitest';
import { UndoStack } from '../src/undo-stack.js';

test('steps are undone last first, one after the other', async () => {
  const undo = new UndoStack();
  const done: string[] = [];
  undo.push(() => void done.push('first'));
  undo.push(async () => {
    done.push('second begins');
    await new Promise((resolve) => setImmediate(resolve));
    done.push('second ends');
  });
  expect(await undo.run()).toEqual([]);
  expect(done).toEqual(['second begins', 'second ends', 'first']);
});

test('what fails is told and keeps nothing else from being undone', async () => {
  const undo = new UndoStack();
  const done: string[] = [];
  undo.push(() => void done.push('first'));
  undo.push(async () => Promise.reject(new Error('second')));
  undo.push(() => {
    throw new Error('third');
  });
  expect(await undo.run()).toEqual([new Error('third'), new Error('second')]);
  expect(done).toEqual(['first']);
});

test('a released stack undoes nothing', async () => {
  const undo = new UndoStack();
  undo.push(() => {
    throw new Error('undone');
  });
  undo.release();
  expect(await undo.run()).toEqual([]);
});

test('nothing is undone twice', async () => {
  const undo = new UndoStack();
  let times = 0;
  undo.push(() => void times++);
  await undo.run();
  await undo.run();
  expect(times).toBe(1);
});
