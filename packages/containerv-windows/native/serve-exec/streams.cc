#include "streams.h"

#include <string>

#include "wide.h"

namespace containerv {
namespace {

constexpr DWORD kSize = 65536;
constexpr DWORD kIdleMs = 1000;

// The service's pipes may be overlapped ones; others take this as well.
class PipeEnd {
 public:
  explicit PipeEnd(HANDLE pipe) : pipe_(pipe) {}

  bool read(void* into, DWORD size, DWORD& got) {
    return finish(ReadFile(pipe_, into, size, nullptr, prepare()), got) && got > 0;
  }

  bool write(const char* from, DWORD size) {
    for (DWORD put = 0; size > 0; from += put, size -= put)
      if (!finish(WriteFile(pipe_, from, size, nullptr, prepare()), put)) return false;
    return true;
  }

 private:
  OVERLAPPED* prepare() {
    overlapped_ = {};
    overlapped_.hEvent = done_.get();
    return &overlapped_;
  }
  bool finish(BOOL done, DWORD& size) {
    return (done || GetLastError() == ERROR_IO_PENDING) && GetOverlappedResult(pipe_, &overlapped_, &size, TRUE);
  }

  HANDLE pipe_;
  OVERLAPPED overlapped_ = {};
  UniqueHandle done_ = make_event();
};

bool write_file(HANDLE to, const char* from, DWORD size) {
  for (DWORD put = 0; size > 0; from += put, size -= put)
    if (!WriteFile(to, from, size, &put, nullptr)) return false;
  return true;
}

// As text: bytes would be taken for some code page's, and a character that two writes share for none.
bool write_console(HANDLE to, std::string& text) {
  const size_t whole = whole_characters(text);
  const std::wstring wide = widen(std::string_view(text).substr(0, whole));
  text.erase(0, whole);
  for (size_t at = 0; at < wide.size();) {
    DWORD put = 0;
    const DWORD part = static_cast<DWORD>(wide.size() - at < 8192 ? wide.size() - at : 8192);
    if (!WriteConsoleW(to, wide.data() + at, part, &put, nullptr) || put == 0) return false;
    at += put;
  }
  return true;
}

}  // namespace

HANDLE own_stream(DWORD which) {
  const HANDLE handle = GetStdHandle(which);
  if (handle == nullptr || handle == INVALID_HANDLE_VALUE) return nullptr;
  SetLastError(NO_ERROR);
  return GetFileType(handle) == FILE_TYPE_UNKNOWN && GetLastError() != NO_ERROR ? nullptr : handle;
}

void OutputPump::start(UniqueHandle from, HANDLE to, bool terminal) {
  if (!from) return;
  from_ = std::move(from);
  to_ = to;
  terminal_ = terminal;
  thread_.reset(CreateThread(nullptr, 0, run, this, 0, nullptr));
}

DWORD OutputPump::run(void* self) { return static_cast<OutputPump*>(self)->copy(), 0; }

void OutputPump::copy() {
  static thread_local char buffer[kSize];
  PipeEnd pipe(from_.get());
  std::string text;
  for (DWORD got = 0; pipe.read(buffer, kSize, got);) {
    ++reads_;
    writing_ = true;
    const bool written = terminal_ ? write_console(to_, text.append(buffer, got)) : write_file(to_, buffer, got);
    writing_ = false;
    if (!written) break;
  }
  from_.reset();
}

void OutputPump::drain(HANDLE reader_gone) {
  if (!thread_) return;
  const HANDLE ends[] = {thread_.get(), reader_gone};
  for (unsigned seen = reads_;; seen = reads_) {
    const DWORD result = WaitForMultipleObjects(reader_gone ? 2 : 1, ends, FALSE, kIdleMs);
    // Nothing has come since the last look, and nothing waits for a slow reader: its end will not come either.
    if (result != WAIT_TIMEOUT || (seen == reads_ && !writing_)) return;
  }
}

void InputPump::start(HANDLE from, UniqueHandle to, bool terminal) {
  if (!to) return;
  from_ = from;
  to_ = std::move(to);
  terminal_ = terminal;
  thread_.reset(CreateThread(nullptr, 0, run, this, 0, nullptr));
}

DWORD InputPump::run(void* self) {
  auto* pump = static_cast<InputPump*>(self);
  if (pump->terminal_)
    pump->copy_keys();
  else
    pump->copy();
  pump->to_.reset();
  SetEvent(pump->ended_.get());
  return 0;
}

void InputPump::copy() {
  static char buffer[kSize];
  PipeEnd pipe(to_.get());
  DWORD got = 0;
  while (ReadFile(from_, buffer, kSize, &got, nullptr) && got > 0)
    if (!pipe.write(buffer, got)) return;
}

void InputPump::copy_keys() {
  wchar_t keys[256];
  PipeEnd pipe(to_.get());
  DWORD got = 0;
  // Half a character, whose other half comes with the next keys.
  std::wstring text;
  while (ReadConsoleW(from_, keys, 256, &got, nullptr)) {
    text.append(keys, got);
    const bool half = !text.empty() && text.back() >= 0xD800 && text.back() < 0xDC00;
    const std::string bytes = narrow(std::wstring_view(text).substr(0, text.size() - half));
    text.erase(0, text.size() - half);
    if (!pipe.write(bytes.data(), static_cast<DWORD>(bytes.size()))) return;
  }
}

}  // namespace containerv
