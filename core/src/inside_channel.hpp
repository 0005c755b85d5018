#pragma once
/// The way by which narrowed work reaches loong: it cannot touch the state, so it leaves requests in
/// a directory of its session, and the worker that carries the session answers them.
///
/// A request is a file, so that it outlives a worker that is killed; the next one finds it. A FIFO
/// beside it is only the bell. Answering twice does no harm: a question has its message's name as
/// key, a new task as dedupe key.

#include "bell.hpp"
#include "carried_session.hpp"
#include "descriptor.hpp"
#include "inside_message.hpp"
#include "loong/error.hpp"
#include "tasks_implementation.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>

namespace loong {

/// Where the channel of a session is, below the session's directory; and that of a part of its work,
/// by the part's name.
[[nodiscard]] std::string inside_directory(const std::string& session_directory,
                                           std::string_view part = {});

/// Serves from start() to destruction, on a thread of its own.
class InsideChannel {
public:
    struct Setup {
        std::shared_ptr<CarriedSession> session;
        /// The worker's.
        OpenOptions options;
        std::string directory;
        /// What those who use it are held to, and so what they create.
        ToolPolicy policy;
    };
    /// `store_io`.
    static Result<std::unique_ptr<InsideChannel>> start(Setup setup);

    InsideChannel(const InsideChannel&) = delete;
    InsideChannel& operator=(const InsideChannel&) = delete;
    ~InsideChannel();

private:
    explicit InsideChannel(Setup setup)
        : session_(std::move(setup.session)),
          options_(std::move(setup.options)),
          path_(std::move(setup.directory)),
          policy_(std::move(setup.policy)) {}

    using Outcome = std::optional<Result<inside::Answered>>;

    Result<void> open();
    void loop();
    void look_for_requests();
    void take(const std::string& name);
    void answer_pending();
    void answer(const std::string& name, const Result<inside::Answered>& answer);
    Result<std::string> read(const std::string& file);
    /// Absent: it waits for the operator.
    Outcome handle(const std::string& name, const inside::Request& request);
    Outcome report(const ReportRequest& request);
    Outcome open_question(const std::string& name, const NewRequest& request);
    Outcome create(const std::string& name, const CreateRequest& request);
    Result<inside::Answered> create_now(const std::string& name, CreateRequest request);
    Result<Tasks::Implementation*> tasks();
    void wait_for_work();

    std::shared_ptr<CarriedSession> session_;
    OpenOptions options_;
    const std::string path_;
    const ToolPolicy policy_;
    Descriptor directory_;
    Descriptor bell_;
    Bell stop_;
    Bell answered_;
    std::atomic<bool> stopping_ = false;

    // Of the thread alone.
    std::unique_ptr<Tasks::Implementation> tasks_;
    /// Messages that wait for the operator, with the ids of their requests.
    struct Pending {
        std::string request_id;
        /// What is created once it is allowed.
        std::optional<CreateRequest> create;
    };
    std::map<std::string, Pending> pending_;
    std::thread thread_;
};

} // namespace loong
