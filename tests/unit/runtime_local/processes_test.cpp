// Processes that are looked for while they change: whoever looks must not miss one, however short
// the moment in which it cannot be told from others.

#include "child_process.hpp"
#include "processes.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace loong::local {
namespace {

/// A process, and all that come of it, that carry the id of a session.
class Carrier {
public:
    Carrier(const std::string& session_id, const std::string& script)
        : process_([&](test::LineChannel& parent) {
              ::setsid();
              parent.send("ready");
              const std::string variable = "LOONG_TASK_SESSION_ID=" + session_id;
              const std::string loop = "script=" + script;
              const char* const arguments[] = {"sh", "-c", script.c_str(), nullptr};
              const char* const environment[] = {variable.c_str(), loop.c_str(), nullptr};
              ::execve("/bin/sh", const_cast<char* const*>(arguments),
                       const_cast<char* const*>(environment));
              return 1;
          }) {
        process_.receive();
        // The channel closes with the first program that takes the child's place.
        process_.receive();
    }
    Carrier(const Carrier&) = delete;
    Carrier& operator=(const Carrier&) = delete;
    ~Carrier() { ::kill(-process_.pid(), SIGKILL); }

private:
    test::ChildProcess process_;
};

std::size_t count_missed(const std::string& session_id, int looks) {
    std::size_t missed = 0;
    for (int i = 0; i < looks; ++i) {
        const auto found = find_session_processes(session_id);
        if (!found || found->empty()) ++missed;
    }
    return missed;
}

TEST(ProcessesTest, program_that_is_just_starting_is_found) {
    const Carrier carrier("session-exec", R"(exec /bin/sh -c "$script")");
    EXPECT_EQ(count_missed("session-exec", 2000), 0U);
}

TEST(ProcessesTest, process_that_is_handed_on_from_parent_to_child_is_found) {
    const Carrier carrier("session-fork", R"(sleep 0.01; /bin/sh -c "$script" &)");
    EXPECT_EQ(count_missed("session-fork", 1000), 0U);
}

} // namespace
} // namespace loong::local
