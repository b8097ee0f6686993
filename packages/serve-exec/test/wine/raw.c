// raw FILE: starts the command line that FILE holds as UTF-16, exactly as it is, and ends as it does.
#include <stdio.h>
#include <windows.h>

int wmain(int argc, wchar_t **argv)
{
	static wchar_t line[1 << 15];
	STARTUPINFOW start = { .cb = sizeof start };
	PROCESS_INFORMATION process;
	DWORD status = 1;
	FILE *file = argc == 2 ? _wfopen(argv[1], L"rb") : NULL;

	if (!file)
		return 101;
	fread(line, sizeof *line, sizeof line / sizeof *line - 1, file);
	fclose(file);
	if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process))
		return 102;
	WaitForSingleObject(process.hProcess, INFINITE);
	GetExitCodeProcess(process.hProcess, &status);
	return (int)status;
}
