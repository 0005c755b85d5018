#include "fixture.hpp"
#include <loong/output_files.hpp>

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace loong::local {
namespace {

using ::testing::HasSubstr;

using RunTest = LocalRuntimeTest;

TEST_F(RunTest, text_runs_in_a_shell) {
    const Outcome outcome = run_text("echo out; echo err >&2");
    EXPECT_EQ(outcome.kind, OutcomeKind::completed);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.message, "");
    EXPECT_EQ(standard_output(), "out\n");
    EXPECT_EQ(standard_error(), "err\n");
    ASSERT_TRUE(outcome.started_at && outcome.ended_at && outcome.resource_use);
    EXPECT_LE(*outcome.started_at, *outcome.ended_at);
    EXPECT_GT(outcome.resource_use->max_resident_bytes, 0U);
}

TEST_F(RunTest, command_runs_without_a_shell) {
    command({"printf", "%s|", "a b", "", "$HOME", "*"});
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "a b||$HOME|*|");
}

TEST_F(RunTest, text_that_looks_like_an_option_is_a_text) {
    EXPECT_EQ(run_text("-x").exit_code, 127);
    EXPECT_THAT(standard_error(), HasSubstr("-x"));
}

TEST_F(RunTest, exit_code_is_kept) {
    const Outcome outcome = run_text("exit 37");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.exit_code, 37);
    EXPECT_EQ(outcome.signal, std::nullopt);
    EXPECT_EQ(outcome.message, "exit code 37");
}

TEST_F(RunTest, signal_is_kept) {
    const Outcome outcome = run_text("kill -SEGV $$");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.exit_code, std::nullopt);
    EXPECT_EQ(outcome.signal, SIGSEGV);
    EXPECT_EQ(outcome.message, "ended by SIGSEGV");
}

TEST_F(RunTest, command_of_127_is_not_a_command_that_could_not_be_started) {
    const Outcome outcome = run_text("exit 127");
    EXPECT_EQ(outcome.exit_code, 127);
    EXPECT_EQ(outcome.message, "exit code 127");
}

TEST_F(RunTest, program_that_is_no_program_is_not_started) {
    std::ofstream(work / "broken") << "#!/nonexistent/interpreter\n";
    ::chmod((work / "broken").c_str(), 0755);
    command({"./broken"});
    const Outcome outcome = run();
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.exit_code, std::nullopt);
    EXPECT_EQ(outcome.message, "could not be started: No such file or directory");
    EXPECT_THAT(content_of(session / "exit"), HasSubstr("\"not_started\":\"program\""));
}

TEST_F(RunTest, script_without_interpreter_is_run_by_the_shell) {
    std::ofstream(work / "script") << "echo \"$0 $1\"\n";
    ::chmod((work / "script").c_str(), 0755);
    command({"./script", "argument"});
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "./script argument\n");
}

TEST_F(RunTest, program_that_vanished_is_not_started) {
    command({"no-such-program"});
    const Outcome outcome = run();
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.message, "command no-such-program: not found on PATH");
}

TEST_F(RunTest, directory_that_vanished_is_not_entered) {
    spec().working_directory = work / "gone";
    const Outcome outcome = run_text("pwd");
    EXPECT_EQ(outcome.message,
              "could not be started: working directory: No such file or directory");
}

TEST_F(RunTest, environment_and_directory_are_the_submitters) {
    spec().environment.push_back({"GREETING", "hello world"});
    spec().environment.push_back({"LOONG_WORKER", "1"});
    ASSERT_EQ(::setenv("OF_THE_WORKER", "1", 1), 0);
    command({"env"});
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    const std::string session_id = spec().task_session_id;
    EXPECT_EQ(standard_output(), "PATH=/usr/bin:/bin\nGREETING=hello world\n"
                                 "LOONG_TASK_SESSION_ID=" +
                                     session_id + "\n");
}

TEST_F(RunTest, directory_is_the_submitters) {
    EXPECT_EQ(run_text("pwd").kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), work.path() + "\n");
}

TEST_F(RunTest, program_is_looked_for_on_the_submitters_path) {
    ASSERT_EQ(::mkdir((work / "bin").c_str(), 0755), 0);
    std::ofstream(work / "bin/mine") << "#!/bin/sh\necho mine\n";
    ::chmod((work / "bin/mine").c_str(), 0755);
    spec().environment[0].value = "bin:/usr/bin";
    command({"mine"});
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "mine\n");
}

TEST_F(RunTest, standard_input_is_empty_and_nothing_else_is_open) {
    const int leaked = ::dup(0);
    EXPECT_EQ(run_text("cat; ls /proc/self/fd; readlink /proc/self/fd/0").exit_code, 0);
    ::close(leaked);
    // 3 is the directory that ls reads.
    EXPECT_EQ(standard_output(), "0\n1\n2\n3\n/dev/null\n");
}

TEST_F(RunTest, has_a_session_and_a_group_of_its_own_and_no_blocked_signal) {
    EXPECT_EQ(run_text("ps -o pid=,pgid=,sid= -p $$ | tr -s ' '; "
                       "grep -E 'Sig(Blk|Ign)' /proc/self/status")
                  .exit_code,
              0);
    std::istringstream lines(standard_output());
    long pid = 0;
    long group = 0;
    long session_number = 0;
    lines >> pid >> group >> session_number;
    EXPECT_EQ(pid, group);
    EXPECT_EQ(pid, session_number);
    EXPECT_THAT(standard_output(), HasSubstr("SigBlk:\t0000000000000000"));
    EXPECT_THAT(standard_output(), HasSubstr("SigIgn:\t0000000000000000"));
}

TEST_F(RunTest, text_of_a_megabyte_runs) {
    text("# " + std::string(1 << 20, 'x') + "\necho \"$#\"; echo end");
    ASSERT_TRUE(runtime.check(spec()));
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "0\nend\n");
}

TEST_F(RunTest, command_of_a_megabyte_runs) {
    std::vector<std::string> arguments{"sh", "-c", "for i; do n=$((n + ${#i})); done; echo $n",
                                       "sh"};
    for (int i = 0; i < 10; ++i) arguments.emplace_back(100'000, 'x');
    command(arguments);
    ASSERT_TRUE(runtime.check(spec()));
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "1000000\n");
}

TEST_F(RunTest, large_output_is_kept_byte_by_byte) {
    EXPECT_EQ(run_text("seq 1 400000 & seq 400001 800000 >&2; wait").exit_code, 0);
    std::string expected;
    for (int i = 1; i <= 400000; ++i) expected += std::to_string(i) + "\n";
    EXPECT_EQ(standard_output(), expected);
    std::string other;
    for (int i = 400001; i <= 800000; ++i) other += std::to_string(i) + "\n";
    EXPECT_EQ(standard_error(), other);
}

struct ReadPiece {
    int stream;
    std::uint32_t length;
    bool dropped;
    friend bool operator==(const ReadPiece&, const ReadPiece&) = default;
};

std::vector<ReadPiece> pieces_of(const std::string& index) {
    std::vector<ReadPiece> pieces;
    EXPECT_EQ(index.size() % output_piece_size, 0U);
    for (std::size_t at = 0; at + output_piece_size <= index.size(); at += output_piece_size) {
        OutputPieceBytes bytes{};
        std::copy_n(index.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
        const OutputPiece piece = decode(bytes);
        pieces.push_back({piece.stream, piece.length, piece.dropped});
    }
    return pieces;
}

TEST_F(RunTest, index_tells_the_order_between_the_streams) {
    // The command waits until each piece has arrived before it writes the next.
    text("s=" + session.path() +
         "; echo one; until [ -s $s/stdout ]; do :; done; echo three >&2; "
         "until [ -s $s/stderr ]; do :; done; echo fifteen");
    EXPECT_EQ(run().exit_code, 0);
    const std::vector<ReadPiece> expected{{1, 4, false}, {2, 6, false}, {1, 8, false}};
    EXPECT_EQ(pieces_of(content_of(session / "output.index")), expected);
}

TEST_F(RunTest, output_beyond_the_limit_is_counted_and_dropped) {
    spec().limits.max_output_bytes = 1000;
    EXPECT_EQ(run_text("head -c 5000000 /dev/zero; echo error >&2").exit_code, 0);
    EXPECT_EQ(standard_output(), std::string(1000, '\0'));
    EXPECT_EQ(standard_error(), "error\n");
    std::uint64_t kept = 0;
    std::uint64_t dropped = 0;
    const auto pieces = pieces_of(content_of(session / "output.index"));
    for (const ReadPiece& piece : pieces) {
        if (piece.stream == 1) (piece.dropped ? dropped : kept) += piece.length;
    }
    EXPECT_EQ(kept, 1000U);
    EXPECT_EQ(dropped, 4'999'000U);
    EXPECT_LE(pieces.size(), 4U) << "dropped bytes share one record";
}

TEST_F(RunTest, output_of_a_descendant_that_lives_on_for_a_moment_is_kept) {
    EXPECT_EQ(run_text("(trap 'echo last; exit' TERM; echo first; while :; do sleep 0.01; done) & "
                       "until [ -s " +
                       session.path() + "/stdout ]; do :; done; exit 3")
                  .exit_code,
              3);
    EXPECT_EQ(standard_output(), "first\nlast\n");
}

TEST_F(RunTest, many_single_bytes_are_all_kept) {
    EXPECT_EQ(run_text("i=0; while [ $i -lt 6000 ]; do printf x; i=$((i+1)); done").exit_code, 0);
    EXPECT_EQ(standard_output(), std::string(6000, 'x'));
}

TEST_F(RunTest, files_are_the_users_alone) {
    EXPECT_EQ(run_text("echo one; echo two >&2").exit_code, 0);
    for (const char* name : {"stdout", "stderr", "output.index", "exit", "work.lock"}) {
        struct stat status {};
        ASSERT_EQ(::stat((session / name).c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
    }
}

TEST_F(RunTest, a_stream_that_nothing_was_written_to_has_no_file) {
    EXPECT_EQ(run_text("echo one").exit_code, 0);
    EXPECT_EQ(standard_output(), "one\n");
    EXPECT_EQ(content_of(session / "output.index").size(), output_piece_size);
    EXPECT_FALSE(std::filesystem::exists(session / "stderr"));
}

TEST_F(RunTest, a_command_that_writes_nothing_has_no_output_files) {
    EXPECT_EQ(run_text("exit 3").exit_code, 3);
    for (const char* name : {"stdout", "stderr", "output.index"}) {
        EXPECT_FALSE(std::filesystem::exists(session / name)) << name;
    }
}

TEST_F(RunTest, keeper_that_is_missing_is_an_error) {
    test::FakeSessionContext other(spec(), session.path(), "/nonexistent/loong-keeper");
    other.editable_spec().work.text = "true";
    const auto outcome = runtime.run(other);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().message,
              "loong-keeper /nonexistent/loong-keeper: No such file or directory");
}

TEST_F(RunTest, handle_that_cannot_be_saved_means_that_nothing_runs) {
    context.on_save_handle = [](std::string_view) -> Result<void> {
        return Error{ErrorCode::conflict, "somebody else's", {}};
    };
    text("touch started");
    const auto outcome = runtime.run(context);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
    EXPECT_NE(::access((work / "started").c_str(), F_OK), 0);
}

TEST_F(RunTest, session_directory_that_is_not_writable_is_an_error) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    ASSERT_EQ(::chmod(session.path().c_str(), 0500), 0);
    text("true");
    const auto outcome = runtime.run(context);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::store_io);
}

} // namespace
} // namespace loong::local
