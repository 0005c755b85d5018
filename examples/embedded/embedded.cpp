/// Background tasks inside of a program of one's own: the sessions run here, by threads of this
/// process, and `loong tasks` beside it sees the same tasks.
#include <loong/tasks.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

template <typename T>
T must(loong::Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "embedded: %s: %s\n", to_string(result.error().code).data(),
                 result.error().message.c_str());
    std::exit(2);
}

/// One task a word, durable when this returns.
std::vector<std::string> create(loong::Tasks& tasks, int count, char** words) {
    std::vector<loong::CreateRequest> requests;
    for (int i = 0; i < count; ++i) {
        loong::CreateRequest request;
        request.work.text = words[i];
        requests.push_back(std::move(request));
    }
    std::vector<std::string> ids;
    for (auto& result : must(tasks.create(requests))) {
        ids.push_back(must(std::move(result)).task.row.task_id);
    }
    return ids;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: embedded CONFIG.yaml TEXT...\n");
        return 2;
    }
    loong::OpenOptions options;
    options.config_file = argv[1]; // says which store and which runtime
    options.workers_in_this_process = true;
    loong::Tasks tasks = must(loong::Tasks::open(options));

    loong::WaitRequest wait;
    wait.tasks = create(tasks, argc - 2, argv + 2);
    wait.timeout = loong::Seconds(60);
    const loong::WaitResult waited = must(tasks.wait(wait));

    // The same derivation as `loong tasks list`, from the events and leases of this moment.
    bool all_completed = waited.end == loong::WaitEnd::reached;
    for (const std::string& id : wait.tasks) {
        const loong::TaskDetail task = must(tasks.status(id));
        const loong::TaskStatus& status = task.row.task_status;
        std::printf("%s  %s  %s\n", id.c_str(), status.display.c_str(), status.reason.c_str());
        if (status.needs_attention) std::printf("    %s\n", status.next_command.c_str());
        all_completed = all_completed && status.status == loong::Status::completed;
    }
    return all_completed ? 0 : 1;
}
