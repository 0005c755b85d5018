#include "record.hpp"

#include "output.hpp"
#include <loong/output_files.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::keeper {
namespace {

void add_number(Text& text, const char* key, std::uint64_t number) {
    text.add(",\"").add(key).add("\":").add(number);
}

void add_flag(Text& text, const char* key, bool flag) {
    text.add(",\"").add(key).add("\":").add(flag ? "true" : "false");
}

std::uint64_t microseconds(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(time.tv_usec);
}

const char* to_string(StartStage stage) {
    switch (stage) {
    case StartStage::working_directory: return "working_directory";
    case StartStage::program: return "program";
    case StartStage::process: return "process";
    case StartStage::narrowing: return "narrowing";
    case StartStage::done: break;
    }
    return "done";
}

void add_how(Text& text, const Ending& ending) {
    if (ending.start != StartStage::done) {
        text.add(",\"not_started\":\"").add(to_string(ending.start)).add("\"");
        add_number(text, "errno", static_cast<std::uint64_t>(ending.start_error));
    } else if (WIFSIGNALED(ending.wait_status)) {
        add_number(text, "signal", static_cast<std::uint64_t>(WTERMSIG(ending.wait_status)));
    } else {
        add_number(text, "exit_code", static_cast<std::uint64_t>(WEXITSTATUS(ending.wait_status)));
    }
}

/// The directory may be as new as the record in it, and so may those that its own name is in.
void sync_above(int directory) {
    for (const char* above : {"..", "../..", "../../.."}) {
        const int file = openat(directory, above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (file < 0) return;
        static_cast<void>(fsync(file));
        close(file);
    }
}

} // namespace

Text describe(const Ending& ending) {
    Text text;
    text.add(&record_packet, 1);
    text.add("{\"format\":1,\"command\":\"").add(ending.command_id).add("\"");
    add_how(text, ending);
    add_number(text, "started_at_us", static_cast<std::uint64_t>(ending.started_at));
    add_number(text, "ended_at_us", static_cast<std::uint64_t>(ending.ended_at));
    add_flag(text, "asked", ending.asked);
    add_flag(text, "forced", ending.forced);
    rusage use{};
    getrusage(RUSAGE_CHILDREN, &use);
    add_number(text, "user_cpu_us", microseconds(use.ru_utime));
    add_number(text, "system_cpu_us", microseconds(use.ru_stime));
    add_number(text, "max_resident_bytes", static_cast<std::uint64_t>(use.ru_maxrss) * 1024);
    add_number(text, "stdout_bytes", ending.streams[0].kept);
    add_number(text, "stdout_dropped", ending.streams[0].dropped);
    add_number(text, "stderr_bytes", ending.streams[1].kept);
    add_number(text, "stderr_dropped", ending.streams[1].dropped);
    add_number(text, "output_errno", static_cast<std::uint64_t>(ending.output_error));
    add_number(text, "left_behind", static_cast<std::uint64_t>(ending.left_behind));
    text.add("}\n");
    return text;
}

int reserve_record(int directory) {
    const int file = openat(directory, unfinished_record_file_name,
                            O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file >= 0) static_cast<void>(fallocate(file, 0, 0, packet_limit));
    return file;
}

int publish_record(int directory, int file, const Text& packet, bool sync) {
    const char* line = packet.data() + 1;
    const std::size_t size = packet.size() - 1;
    ssize_t written = 0;
    do {
        written = pwrite(file, line, size, 0);
    } while (written < 0 && errno == EINTR);
    if (written != static_cast<ssize_t>(size)) return written < 0 ? errno : ENOSPC;
    if (ftruncate(file, static_cast<off_t>(size)) != 0) return errno;
    if (sync && fdatasync(file) != 0) return errno;
    if (renameat(directory, unfinished_record_file_name, directory, exit_record_file_name) != 0) {
        return errno;
    }
    if (!sync) return 0;
    if (fsync(directory) != 0) return errno;
    sync_above(directory);
    return 0;
}

} // namespace loong::keeper
