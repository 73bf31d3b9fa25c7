/*
 * Calls crypt(3) of libxcrypt and tells what it costs. It is one side of the comparison
 * that bench_test.go makes; the test compiles it and talks to it by lines:
 *
 *   words N, then N lines    the words; an empty line is the empty word
 *   hashes N, then N lines   hashes or settings
 *   run MS CPUS              passes over all words and hashes until MS milliseconds of CPU
 *                            time were spent, at least one; CPUS is ignored. Answer:
 *                            candidates, CPU nanoseconds, wall nanoseconds
 *   crypt, word, setting     answer: what crypt(3) returns, or *
 *   clock                    answer: the clock of the core in Hz, 0 if it is not known
 *   library                  answer: the file that crypt(3) is in, and the version its header
 *                            tells if that is there (the library does not tell its own)
 *
 * The library is opened by name, argv[1] or the system's: that of another release can be
 * measured, and no package for development is needed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined __has_include
#if __has_include(<crypt.h>)
#include <crypt.h>
#endif
#endif

typedef char *crypt_function(const char *, const char *);

struct list {
	char **line;
	long n;
};

static void fail(const char *why)
{
	fprintf(stderr, "crypt3: %s\n", why);
	exit(2);
}

static int64_t now(clockid_t id)
{
	struct timespec t;
	if (clock_gettime(id, &t) != 0)
		fail("no clock");
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The next line without its end, to be freed; NULL at the end of the input. */
static char *next_line(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n = getline(&line, &size, stdin);
	if (n < 0) {
		free(line);
		return NULL;
	}
	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = 0;
	return line;
}

static void read_list(struct list *l, long n)
{
	for (long i = 0; i < l->n; i++)
		free(l->line[i]);
	free(l->line);
	l->n = n;
	l->line = calloc(n > 0 ? (size_t)n : 1, sizeof *l->line);
	if (n < 0 || l->line == NULL)
		fail("no room for a list");
	for (long i = 0; i < n; i++)
		if ((l->line[i] = next_line()) == NULL)
			fail("the list ends early");
}

static void run(crypt_function *crypt3, const struct list *words, const struct list *hashes, long ms)
{
	int64_t wall = now(CLOCK_MONOTONIC), start = now(CLOCK_PROCESS_CPUTIME_ID), spent;
	int64_t candidates = 0;
	if (words->n == 0 || hashes->n == 0)
		fail("nothing to do");
	do {
		for (long w = 0; w < words->n; w++)
			for (long h = 0; h < hashes->n; h++) {
				const char *out = crypt3(words->line[w], hashes->line[h]);
				if (out == NULL || out[0] == '*')
					fail("crypt(3) refuses");
				if (strcmp(out, hashes->line[h]) == 0)
					fail("a word matches");
				candidates++;
			}
		spent = now(CLOCK_PROCESS_CPUTIME_ID) - start;
	} while (spent < (int64_t)ms * 1000000);
	printf("%lld %lld %lld\n", (long long)candidates, (long long)spent, (long long)(now(CLOCK_MONOTONIC) - wall));
}

/* A chain of multiplications takes three cycles for each, on every x86-64 core of Intel
 * since 2008 and of AMD since 2017. The best of several tries was disturbed the least. */
static double core_clock(void)
{
	double best = 0;
#if defined __x86_64__
	enum { links = 300000 };
	for (int try = 0; try < 5; try++) {
		uint64_t x = 3, y = 5;
		int64_t start = now(CLOCK_PROCESS_CPUTIME_ID), spent;
		for (int i = 0; i < links / 10; i++)
			__asm__ volatile(
				"imul %1, %0; imul %1, %0; imul %1, %0; imul %1, %0; imul %1, %0;"
				"imul %1, %0; imul %1, %0; imul %1, %0; imul %1, %0; imul %1, %0"
				: "+r"(x) : "r"(y) : "cc");
		spent = now(CLOCK_PROCESS_CPUTIME_ID) - start;
		if (spent > 0 && 3e9 * links / spent > best)
			best = 3e9 * links / spent;
	}
#endif
	return best;
}

int main(int argc, char **argv)
{
	struct list words = {0}, hashes = {0};
	Dl_info info;
	char *line, *file, *word, *setting;
	void *library = dlopen(argc > 1 ? argv[1] : "libcrypt.so.1", RTLD_NOW);
	if (library == NULL)
		fail(dlerror());
	crypt_function *crypt3 = (crypt_function *)(uintptr_t)dlsym(library, "crypt");
	if (crypt3 == NULL || dladdr((void *)(uintptr_t)crypt3, &info) == 0)
		fail("no crypt(3) in the library");
	while ((line = next_line()) != NULL) {
		long n, cpus;
		if (sscanf(line, "words %ld", &n) == 1) {
			read_list(&words, n);
		} else if (sscanf(line, "hashes %ld", &n) == 1) {
			read_list(&hashes, n);
		} else if (sscanf(line, "run %ld %ld", &n, &cpus) == 2) {
			run(crypt3, &words, &hashes, n);
		} else if (strcmp(line, "crypt") == 0) {
			word = next_line();
			setting = next_line();
			if (word == NULL || setting == NULL)
				fail("crypt without a word and a setting");
			const char *out = crypt3(word, setting);
			puts(out == NULL || out[0] == '*' ? "*" : out);
			free(word);
			free(setting);
		} else if (strcmp(line, "clock") == 0) {
			printf("%.0f\n", core_clock());
		} else if (strcmp(line, "library") == 0) {
			file = realpath(info.dli_fname, NULL);
			printf("%s", file != NULL ? file : info.dli_fname);
#ifdef XCRYPT_VERSION_STR
			if (argc <= 1)
				printf(" (%s)", XCRYPT_VERSION_STR);
#endif
			putchar('\n');
			free(file);
		} else {
			fail("unknown command");
		}
		free(line);
		if (fflush(stdout) != 0)
			fail("cannot write");
	}
	return 0;
}
