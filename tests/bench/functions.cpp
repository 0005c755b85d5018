// What the pure parts of core cost: everything that is done for each task, each event, each status.

#include "loong/status.hpp"
#include "record.hpp"
#include "summary_codec.hpp"
#include "task_document.hpp"
#include "task_state.hpp"
#include "text.hpp"
#include "unit/core/task_machine.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace loong {
namespace {

/// A document as a shell makes it: with an environment.
TaskDocument document_with(std::int64_t variables) {
    TaskDocument document = test::sample_document();
    for (std::int64_t number = 0; number < variables; ++number) {
        document.environment.push_back({"VARIABLE_" + std::to_string(number),
                                        "/usr/share/some/where/" + std::to_string(number)});
    }
    return document;
}

test::TaskMachine finished_machine() {
    test::TaskMachine machine;
    machine.create();
    machine.start();
    machine.finish(OutcomeKind::completed);
    return machine;
}

void write_document(benchmark::State& run) {
    const TaskDocument document = document_with(run.range(0));
    for (auto _ : run) benchmark::DoNotOptimize(write_task_document(document));
}
BENCHMARK(write_document)->Arg(0)->Arg(50);

void read_document(benchmark::State& run) {
    const std::string text = write_task_document(document_with(run.range(0)));
    for (auto _ : run) benchmark::DoNotOptimize(read_task_document(text));
    run.SetBytesProcessed(run.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(read_document)->Arg(0)->Arg(50);

void decide_create(benchmark::State& run) {
    for (auto _ : run) {
        test::TaskMachine machine;
        benchmark::DoNotOptimize(machine.create());
    }
}
BENCHMARK(decide_create);

void write_events(benchmark::State& run) {
    const test::TaskMachine machine = finished_machine();
    for (auto _ : run) benchmark::DoNotOptimize(write_records(machine.log));
}
BENCHMARK(write_events);

void read_events(benchmark::State& run) {
    const std::vector<std::string> records = write_records(finished_machine().log);
    for (auto _ : run) {
        for (const std::string& record : records) benchmark::DoNotOptimize(read_record(record));
    }
}
BENCHMARK(read_events);

void fold_events(benchmark::State& run) {
    const test::TaskMachine machine = finished_machine();
    for (auto _ : run) {
        TaskState state = initial_state(test::sample_document());
        for (const Event& event : machine.log) state = evolve(std::move(state), event);
        benchmark::DoNotOptimize(state);
    }
}
BENCHMARK(fold_events);

void derive_status(benchmark::State& run) {
    const test::TaskMachine machine = finished_machine();
    const TaskSummary& summary = machine.state.summary;
    const Facts facts = facts_of(summary, DependencyState::met, machine.now);
    const FactDetails details = details_of(summary, {}, machine.now);
    for (auto _ : run) benchmark::DoNotOptimize(derive(facts, details));
}
BENCHMARK(derive_status);

void write_and_read_summary(benchmark::State& run) {
    const TaskSummary summary = finished_machine().state.summary;
    for (auto _ : run) benchmark::DoNotOptimize(decode_summary(encode_summary(summary)));
}
BENCHMARK(write_and_read_summary);

void escape_output(benchmark::State& run) {
    const std::string text(static_cast<std::size_t>(run.range(0)), 'x');
    for (auto _ : run) benchmark::DoNotOptimize(escape_controls(text));
    run.SetBytesProcessed(run.iterations() * run.range(0));
}
BENCHMARK(escape_output)->Arg(80)->Arg(1 << 16);

} // namespace
} // namespace loong

BENCHMARK_MAIN();
