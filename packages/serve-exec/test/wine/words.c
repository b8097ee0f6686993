// serve-exec.exe of the tests: writes its own path and each argument as UTF-8, ended by a NUL, and ends with 42.
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <windows.h>
#include <shellapi.h>

static void put(const wchar_t *word)
{
	static char bytes[1 << 17];
	const int size = WideCharToMultiByte(CP_UTF8, 0, word, -1, bytes, sizeof bytes, NULL, NULL);

	fwrite(bytes, 1, size, stdout);
}

int wmain(void)
{
	static wchar_t own[1 << 15];
	int count = 0;
	wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);

	_setmode(_fileno(stdout), _O_BINARY);
	GetModuleFileNameW(NULL, own, sizeof own / sizeof *own);
	put(own);
	for (int i = 1; i < count; i++)
		put(words[i]);
	return 42;
}
