package durahub;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.durabletask.DurableTaskGrpcWorkerBuilder;
import com.microsoft.durabletask.FailureDetails;
import com.microsoft.durabletask.RetryHandler;
import com.microsoft.durabletask.RetryPolicy;
import com.microsoft.durabletask.Task;
import com.microsoft.durabletask.TaskActivity;
import com.microsoft.durabletask.TaskActivityContext;
import com.microsoft.durabletask.TaskActivityFactory;
import com.microsoft.durabletask.TaskFailedException;
import com.microsoft.durabletask.TaskOptions;
import com.microsoft.durabletask.TaskOrchestration;
import com.microsoft.durabletask.TaskOrchestrationContext;
import com.microsoft.durabletask.TaskOrchestrationFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** The app that the scenarios run: what its orchestrations and activities do is in their names. */
final class App {
    private static final Map<String, Integer> ATTEMPTS = new ConcurrentHashMap<>();
    private static final Duration SOON = Duration.ofMillis(30);

    private App() {}

    /** Registers everything with a worker. */
    static void register(DurableTaskGrpcWorkerBuilder worker) {
        registerActivities(worker);
        registerOrchestrations(worker);
        registerFailures(worker);
        registerLongLived(worker);
    }

    private static void registerActivities(DurableTaskGrpcWorkerBuilder worker) {
        activity(worker, "javaGreet", ctx -> "Hello, " + ctx.getInput(String.class) + "!");
        activity(worker, "javaSquare", ctx -> {
            int number = ctx.getInput(Integer.class);
            return number * number;
        });
        activity(worker, "javaFail", ctx -> {
            throw new IllegalStateException(ctx.getInput(String.class));
        });
        activity(worker, "javaFailTwice", ctx -> attempt(ctx.getInput(String.class), 3));
        activity(worker, "javaFailOnce", ctx -> attempt(ctx.getInput(String.class), 2));
        activity(worker, "javaRepeat", ctx -> {
            JsonNode given = ctx.getInput(JsonNode.class);
            return given.get("letter").asText().repeat(given.get("times").asInt());
        });
    }

    private static int attempt(String key, int successful) {
        int attempt = ATTEMPTS.merge(key, 1, Integer::sum);
        if (attempt < successful) {
            throw new IllegalStateException("attempt " + attempt);
        }
        return attempt;
    }

    private static void registerOrchestrations(DurableTaskGrpcWorkerBuilder worker) {
        orchestration(worker, "javaGreetAll", ctx -> {
            List<String> greetings = new ArrayList<>();
            for (String city : ctx.getInput(String[].class)) {
                greetings.add(ctx.callActivity("javaGreet", city, String.class).await());
            }
            return greetings;
        });
        orchestration(worker, "javaSquares", ctx -> {
            List<Task<Integer>> tasks = new ArrayList<>();
            for (int number = 0; number < ctx.getInput(Integer.class); number++) {
                tasks.add(ctx.callActivity("javaSquare", number, Integer.class));
            }
            return ctx.allOf(tasks).await().stream().mapToInt(Integer::intValue).sum();
        });
        orchestration(worker, "javaSleep", ctx -> {
            long before = ctx.getCurrentInstant().toEpochMilli();
            ctx.createTimer(Duration.ofMillis(ctx.getInput(Integer.class))).await();
            return ctx.getCurrentInstant().toEpochMilli() - before;
        });
        orchestration(worker, "javaParent", ctx -> {
            int depth = ctx.getInput(Integer.class);
            List<String> ids = new ArrayList<>(List.of(ctx.getInstanceId()));
            if (depth > 0) {
                ids.addAll(Arrays.asList(
                        ctx.callSubOrchestrator("javaParent", depth - 1, String[].class).await()));
            }
            return ids;
        });
        orchestration(worker, "javaNamesItsChild", ctx -> ctx.callSubOrchestrator(
                "javaGreetAll", List.of("Lima"), ctx.getInput(String.class), JsonNode.class).await());
        orchestration(worker, "javaGuids", ctx -> {
            List<String> made = new ArrayList<>(List.of(ctx.newUUID().toString()));
            ctx.createTimer(SOON).await();
            made.add(ctx.newUUID().toString());
            return made;
        });
        orchestration(worker, "javaRepeats", ctx -> ctx.callActivity(
                "javaRepeat", ctx.getInput(JsonNode.class), String.class).await());
    }

    private static void registerFailures(DurableTaskGrpcWorkerBuilder worker) {
        orchestration(worker, "javaActivityFails", ctx ->
                ctx.callActivity("javaFail", ctx.getInput(String.class)).await());
        orchestration(worker, "javaCatches", ctx ->
                caught(ctx.callActivity("javaFail", ctx.getInput(String.class))));
        orchestration(worker, "javaChildFails", ctx ->
                caught(ctx.callSubOrchestrator("javaActivityFails", "in the child", JsonNode.class)));
        orchestration(worker, "javaRetries", ctx -> ctx.callActivity("javaFailTwice",
                ctx.getInput(String.class), new TaskOptions(new RetryPolicy(3, SOON)),
                Integer.class).await());
        orchestration(worker, "javaRetriesAndWaits", ctx -> {
            int attempts = ctx.callActivity("javaFailTwice", ctx.getInput(String.class),
                    new TaskOptions(new RetryPolicy(3, SOON)), Integer.class).await();
            JsonNode go = ctx.waitForExternalEvent("go", JsonNode.class).await();
            return List.of(attempts, go, ctx.callActivity("javaGreet", "Lima", String.class).await());
        });
        orchestration(worker, "javaRetriesInVain", ctx -> ctx.callActivity("javaFail", "every time",
                new TaskOptions(new RetryPolicy(2, SOON))).await());
        RetryHandler fourTimes = failed -> failed.getLastAttemptNumber() < 5;
        orchestration(worker, "javaRetriesByHandler", ctx -> ctx.callActivity("javaFailTwice",
                ctx.getInput(String.class), new TaskOptions(fourTimes), Integer.class).await());
        orchestration(worker, "javaRetriesAChild", ctx -> ctx.callSubOrchestrator(
                "javaFailsOnceInside", ctx.getInput(String.class), null,
                new TaskOptions(new RetryPolicy(3, SOON)), Integer.class).await());
        orchestration(worker, "javaFailsOnceInside", ctx -> ctx.callActivity(
                "javaFailOnce", ctx.getInput(String.class), Integer.class).await());
    }

    private static Object caught(Task<?> task) {
        try {
            task.await();
            return "no failure";
        } catch (TaskFailedException failed) {
            FailureDetails details = failed.getErrorDetails();
            return Map.of("type", details.getErrorType(), "message", details.getErrorMessage());
        }
    }

    private static void registerLongLived(DurableTaskGrpcWorkerBuilder worker) {
        orchestration(worker, "javaDeadline", ctx -> {
            Task<JsonNode> approval = ctx.waitForExternalEvent("approval", JsonNode.class);
            Task<Void> deadline = ctx.createTimer(Duration.ofMillis(ctx.getInput(Integer.class)));
            return ctx.anyOf(approval, deadline).await() == approval ? approval.await() : "too late";
        });
        orchestration(worker, "javaCollect", ctx -> {
            List<Object> seen = new ArrayList<>();
            for (String name : ctx.getInput(String[].class)) {
                seen.add(ctx.waitForExternalEvent(name, JsonNode.class).await());
            }
            return seen;
        });
        orchestration(worker, "javaSendTo", ctx -> {
            JsonNode given = ctx.getInput(JsonNode.class);
            ctx.sendEvent(given.get("to").asText(), given.get("name").asText(), given.get("data"));
            return "sent";
        });
        orchestration(worker, "javaReports", ctx -> {
            ctx.setCustomStatus(Map.of("step", 1));
            ctx.waitForExternalEvent("next").await();
            ctx.setCustomStatus("step 2");
            ctx.waitForExternalEvent("next").await();
            return "done";
        });
        worker.addOrchestration(named("javaCountTo", ctx -> {
            int now = ctx.getInput(Integer.class);
            ctx.callActivity("javaSquare", now, Integer.class).await();
            if (now < 6) {
                ctx.continueAsNew(now + 1, false);
            } else {
                ctx.complete(now);
            }
        }));
        // This SDK also keeps what was consumed in the same turn, in no order: they can be counted only.
        worker.addOrchestration(named("javaCountsEvents", ctx -> {
            ctx.waitForExternalEvent("count").await();
            int seen = ctx.getInput(Integer.class) + 1;
            if (seen < 5) {
                ctx.continueAsNew(seen, true);
            } else {
                ctx.complete(seen);
            }
        }));
    }

    private static void orchestration(
            DurableTaskGrpcWorkerBuilder worker,
            String name,
            Function<TaskOrchestrationContext, Object> run) {
        worker.addOrchestration(named(name, ctx -> ctx.complete(run.apply(ctx))));
    }

    private static TaskOrchestrationFactory named(String name, TaskOrchestration orchestration) {
        return new TaskOrchestrationFactory() {
            @Override
            public String getName() {
                return name;
            }

            @Override
            public TaskOrchestration create() {
                return orchestration;
            }
        };
    }

    private static void activity(
            DurableTaskGrpcWorkerBuilder worker,
            String name,
            Function<TaskActivityContext, Object> run) {
        TaskActivity activity = run::apply;
        worker.addActivity(new TaskActivityFactory() {
            @Override
            public String getName() {
                return name;
            }

            @Override
            public TaskActivity create() {
                return activity;
            }
        });
    }
}
