/* What the C++ of libde265 and libheif asks of threads, for a system that has none: locks that are always free, and no thread;
   and of files: there are none. */
#ifdef __cplusplus
#include <chrono>
#include <fstream>
#include <istream>
#include <mutex>
#include <condition_variable>
#include <thread>
#include <future>
namespace std {
struct mutex {
	void lock() {}
	bool try_lock() { return true; }
	void unlock() {}
};
struct recursive_mutex : mutex {};
struct condition_variable {
	void notify_one() {}
	void notify_all() {}
	template <class L> void wait(L &) { __builtin_trap(); }
	template <class L, class P> void wait(L &, P p) { if (!p()) __builtin_trap(); }
};
struct thread {
	template <class... A> explicit thread(A &&...) { __builtin_trap(); }
	thread() {}
	void join() {}
	bool joinable() const { return false; }
};
template <> struct basic_ofstream<char, char_traits<char>> {
	basic_ofstream(const char *, ios_base::openmode) {}
	void write(const char *, streamsize) {}
	explicit operator bool() const { return false; }
};
template <> struct basic_ifstream<char, char_traits<char>> : istream {
	basic_ifstream(const char *, ios_base::openmode) : istream(nullptr) {}
	bool is_open() const { return false; }
};
} // namespace std
#endif
