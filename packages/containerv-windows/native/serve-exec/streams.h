#pragma once

#include <windows.h>

#include <atomic>

#include "unique_handle.h"

namespace containerv {

// This program's own stream; null where it was started without one.
HANDLE own_stream(DWORD which);

// Copies what the command writes. Whoever reads it going away closes the command's end as well.
class OutputPump {
 public:
  // Nothing to do without `from`.
  void start(UniqueHandle from, HANDLE to, bool terminal);
  // After the command has ended: until the end of its stream, or for as long as more comes. What it left running can hold
  // the stream open for ever.
  void drain(HANDLE reader_gone);

 private:
  static DWORD WINAPI run(void* self);
  void copy();

  UniqueHandle from_, thread_;
  HANDLE to_ = nullptr;
  bool terminal_ = false;
  std::atomic<unsigned> reads_ = 0;
  std::atomic<bool> writing_ = false;
};

// Copies what the command is to read, from a stream or from the keys of a console.
class InputPump {
 public:
  void start(HANDLE from, UniqueHandle to, bool terminal);
  // Set when the command's end was closed, of which the service has to be told.
  [[nodiscard]] HANDLE ended() const { return ended_.get(); }

 private:
  static DWORD WINAPI run(void* self);
  void copy();
  void copy_keys();

  UniqueHandle to_, thread_;
  UniqueHandle ended_ = make_event();
  HANDLE from_ = nullptr;
  bool terminal_ = false;
};

}  // namespace containerv
