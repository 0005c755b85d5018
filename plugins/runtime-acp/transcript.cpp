#include "transcript.hpp"

#include "json.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace loong::acp {
namespace {

std::string time_text() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    std::array<char, 32> day{};
    std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    const std::string micro = std::to_string(1'000'000 + now.tv_nsec / 1000).substr(1);
    return std::string(day.data()) + "." + micro + "Z";
}

} // namespace

Transcript::Transcript(const std::string& directory, std::uint64_t limit)
    : file_(::open((directory + "/" + transcript_file_name).c_str(),
                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)),
      left_(limit) {}

Transcript::~Transcript() {
    if (file_ >= 0) ::close(file_);
}

void Transcript::received_garbage(std::string_view line) {
    // Not UTF-8, perhaps: what cannot be part of a JSON text is shown as a question mark.
    std::string text(line.substr(0, 4096));
    for (char& c : text) {
        if (static_cast<unsigned char>(c) >= 0x80U) c = '?';
    }
    add("agent", "text", json::serialize(json::value(text)));
}

void Transcript::add(std::string_view from, std::string_view key, std::string_view value) {
    if (file_ < 0) return;
    while (!value.empty() && value.back() == '\n') value.remove_suffix(1);
    std::string line = R"({"at":")" + time_text() + R"(","from":")";
    line.append(from).append(R"(",")").append(key).append(R"(":)").append(value).append("}\n");
    if (line.size() > left_) {
        left_ = 0;
        return;
    }
    left_ -= line.size();
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t count = ::write(file_, rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
}

} // namespace loong::acp
