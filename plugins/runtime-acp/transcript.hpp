#pragma once
/// The raw protocol of a session, for whoever debugs an agent: `acp.jsonl` in the session's directory, one
/// JSON object a line, `at`, `from` (`agent` or `loong`) and `message`, or `text` where it was none.

#include <cstdint>
#include <string>
#include <string_view>

namespace loong::acp {

inline constexpr const char* transcript_file_name = "acp.jsonl";

class Transcript {
public:
    /// Writes at most that many bytes. A transcript that cannot be written is no reason to fail.
    Transcript(const std::string& directory, std::uint64_t limit);
    Transcript(const Transcript&) = delete;
    Transcript& operator=(const Transcript&) = delete;
    ~Transcript();

    void sent(std::string_view line) { add("loong", "message", line); }
    void received(std::string_view line) { add("agent", "message", line); }
    void received_garbage(std::string_view line);

private:
    void add(std::string_view from, std::string_view key, std::string_view value);

    int file_;
    std::uint64_t left_;
};

} // namespace loong::acp
