// A store whose every method throws an int.
#include <loong/plugin.hpp>

namespace {

using namespace loong;
using Text = std::string_view;
using Texts = std::vector<std::string>;
template <typename T>
using List = Result<std::vector<T>>;

class ThrowingStore : public Store {
public:
    explicit ThrowingStore(const StoreSetup& /*setup*/) {}
    List<Result<CreatedTask>> create(const std::vector<NewTask>& /*tasks*/) override { throw 1; }
    Result<void> append(Text /*id*/, std::uint64_t /*revision*/, const Texts& /*records*/,
                        const TaskSummary& /*summary*/, const Lease* /*lease*/) override {
        throw 2;
    }
    Result<void> write_secrets(Text /*id*/, Text /*secrets*/) override { throw 3; }
    Result<void> erase_secrets(Text /*id*/) override { throw 4; }
    Result<void> remove(Text /*id*/, std::uint64_t /*revision*/) override { throw 5; }
    Result<StoredTask> read(Text /*id*/) override { throw 6; }
    Result<EventRecords> read_events(Text /*id*/, std::uint64_t /*after*/,
                                     std::size_t /*limit*/) override {
        throw 7;
    }
    Result<std::uint64_t> revision(Text /*id*/) override { throw 8; }
    Result<std::optional<std::string>> read_secrets(Text /*id*/) override { throw 9; }
    Result<ListedTask> find(Text /*id*/) override { throw 10; }
    Result<ListPage> list(const TaskFilter& /*filter*/, ListOrder /*order*/, Text /*cursor*/,
                          std::size_t /*limit*/) override {
        throw 11;
    }
    List<CountGroup> count(const TaskFilter& /*filter*/) override { throw 12; }
    List<ListedTask> claimable(Time /*now*/, std::size_t /*limit*/) override { throw 13; }
    Result<std::optional<Time>> next_due(Time /*now*/) override { throw 14; }
    Result<Texts> dependents(Text /*id*/) override { throw 15; }
    Result<std::optional<std::string>> find_dedupe_key(Text /*key*/) override { throw 16; }
    Result<Texts> resolve(Text /*text*/, std::size_t /*limit*/) override { throw 17; }
    Result<std::optional<std::string>> task_of_session(Text /*id*/) override { throw 18; }
    Result<std::unique_ptr<Lease>> take_lease(Text /*name*/) override { throw 19; }
    Result<std::unique_ptr<Lease>> wait_for_lease(Text /*name*/, Milliseconds /*limit*/) override {
        throw 20;
    }
    Result<LeaseStatus> lease_status(Text /*name*/) override { throw 21; }
    Result<std::unique_ptr<Watch>> watch(const std::vector<WatchTarget>& /*targets*/) override {
        throw 22;
    }
    Result<std::string> session_directory(Text /*id*/, Text /*session*/) override { throw 23; }
    Result<std::string> task_directory(Text /*id*/) override { throw 24; }
    List<Finding> verify() override { throw 25; }
    Result<void> repair(const Finding& /*finding*/) override { throw 26; }
};

} // namespace

LOONG_STORE_PLUGIN(ThrowingStore, "store-throws", "1")
