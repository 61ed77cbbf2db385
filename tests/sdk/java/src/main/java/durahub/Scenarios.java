package durahub;

import static com.microsoft.durabletask.OrchestrationRuntimeStatus.COMPLETED;
import static com.microsoft.durabletask.OrchestrationRuntimeStatus.FAILED;
import static com.microsoft.durabletask.OrchestrationRuntimeStatus.PENDING;
import static com.microsoft.durabletask.OrchestrationRuntimeStatus.RUNNING;
import static com.microsoft.durabletask.OrchestrationRuntimeStatus.SUSPENDED;
import static com.microsoft.durabletask.OrchestrationRuntimeStatus.TERMINATED;
import static durahub.Scenario.check;
import static durahub.Scenario.same;
import static durahub.Scenario.sameJson;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.durabletask.NewOrchestrationInstanceOptions;
import com.microsoft.durabletask.OrchestrationMetadata;
import com.microsoft.durabletask.OrchestrationStatusQuery;
import com.microsoft.durabletask.OrchestrationStatusQueryResult;
import com.microsoft.durabletask.PurgeInstanceCriteria;
import io.grpc.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The scenarios by name. The names are those of tests/sdk/scenarios.py. */
final class Scenarios {
    interface Body {
        void run(Scenario t) throws Exception;
    }

    private static final String NOBODY = "nobody-knows-this-instance";
    private static final List<String> LIMA = List.of("Lima");
    private static final String GREETED = "[\"Hello, Lima!\"]";

    private Scenarios() {}

    static Map<String, Body> all() {
        Map<String, Body> all = new TreeMap<>();
        putOrchestrations(all);
        putFailures(all);
        putLongLived(all);
        putManagement(all);
        putQueries(all);
        return all;
    }

    private static void putOrchestrations(Map<String, Body> all) {
        all.put("chain", t -> sameJson("[\"Hello, Tokyo!\",\"Hello, Lima!\"]",
                t.output("javaGreetAll", List.of("Tokyo", "Lima"))));
        all.put("fan_out", t -> same(8555, t.output("javaSquares", 30).asInt()));
        all.put("many_at_once", t -> {
            List<String> ids = new ArrayList<>();
            for (int number = 0; number < 40; number++) {
                ids.add(t.start("javaSquares", 5, t.id(number)));
            }
            for (String id : ids) {
                same(30, t.outputOf(t.ended(id)).asInt());
            }
        });
        all.put("timer", t -> {
            OrchestrationMetadata state = t.run("javaSleep", 500);
            check(t.outputOf(state).asInt() >= 500, "the timer fired early");
            check(state.getLastUpdatedAt().isAfter(state.getCreatedAt().plusMillis(499)), "updated");
        });
        all.put("children", t -> {
            JsonNode ids = t.output("javaParent", 2);
            same(3, ids.size());
            for (JsonNode id : ids) {
                same(COMPLETED, t.state(id.asText()).getRuntimeStatus());
            }
        });
        all.put("child_ids", t -> {
            sameJson(GREETED, t.output("javaNamesItsChild", t.id("chosen")));
            same("javaGreetAll", t.state(t.id("chosen")).getName());
        });
        all.put("guids", t -> {
            JsonNode made = t.output("javaGuids", null);
            check(!made.get(0).equals(made.get(1)), "the same twice");
        });
        all.put("payloads", t -> {
            same("é".repeat(200_000), t.output("javaRepeats",
                    Map.of("letter", "é", "times", 200_000)).asText());
            String odd = "\u2028\u0000😀'\"\\";
            same(odd, t.output("javaRepeats", Map.of("letter", odd, "times", 1)).asText());
        });
        all.put("plain_client", t -> {
            String id = t.plain.scheduleNewOrchestrationInstance("javaGreetAll", LIMA, t.id("plain"));
            sameJson(GREETED, t.outputOf(t.ended(id)));
            check(t.plain.getInstanceMetadata(id, false).isInstanceFound(), "not in the default hub");
        });
    }

    private static void putFailures(Map<String, Body> all) {
        all.put("activity_failure", t -> {
            JsonNode caught = t.output("javaCatches", "not today");
            same("not today", caught.get("message").asText());
            same("java.lang.IllegalStateException", caught.get("type").asText());
            OrchestrationMetadata state = t.run("javaActivityFails", "for good");
            same(FAILED, state.getRuntimeStatus());
            check(state.getFailureDetails().getErrorMessage().contains("for good"), "message");
            check(!state.getFailureDetails().getStackTrace().isEmpty(), "stack trace");
        });
        all.put("child_failure", t -> {
            String message = t.output("javaChildFails", null).get("message").asText();
            check(message.contains("in the child"), message);
        });
        all.put("unknown_orchestrator", t -> {
            OrchestrationMetadata state = t.run("javaNobodyWroteThis", null);
            same(FAILED, state.getRuntimeStatus());
        });
        all.put("retries", t -> {
            same(3, t.output("javaRetries", t.id("policy")).asInt());
            same(2, t.output("javaRetriesAChild", t.id("child")).asInt());
            same(FAILED, t.run("javaRetriesInVain", null).getRuntimeStatus());
        });
        all.put("retry_handler", t ->
                same(3, t.output("javaRetriesByHandler", t.id("handler")).asInt()));
    }

    private static void putLongLived(Map<String, Body> all) {
        all.put("timer_loses_to_event", t -> {
            String id = t.start("javaDeadline", 60_000);
            t.client.raiseEvent(id, "approval", Map.of("by", "me"));
            sameJson("{\"by\":\"me\"}", t.outputOf(t.ended(id)));
            same("too late", t.output("javaDeadline", 50).asText());
        });
        all.put("events_keep_their_order", t -> {
            String id = t.start("javaCollect", List.of("a", "b", "a"));
            t.client.raiseEvent(id, "b", 1);
            t.client.raiseEvent(id, "a", 2);
            t.client.raiseEvent(id, "a", 3);
            sameJson("[2,1,3]", t.outputOf(t.ended(id)));
        });
        all.put("event_between_orchestrations", t -> {
            String id = t.start("javaCollect", List.of("from-afar"));
            t.begun(id);
            t.output("javaSendTo", Map.of("to", id, "name", "from-afar", "data", List.of(1, 2)));
            sameJson("[[1,2]]", t.outputOf(t.ended(id)));
        });
        all.put("continue_as_new", t -> {
            OrchestrationMetadata state = t.run("javaCountTo", 1);
            same(6, t.outputOf(state).asInt());
            same("6", state.getSerializedInput());
        });
        all.put("continue_as_new_keeps_events", t -> {
            String id = t.start("javaCountsEvents", 0);
            for (int number = 1; number <= 5; number++) {
                t.client.raiseEvent(id, "count", number);
            }
            same(5, t.outputOf(t.ended(id)).asInt());
        });
        all.put("custom_status", t -> {
            String id = t.start("javaReports", null);
            t.until(() -> t.state(id).isCustomStatusFetched()
                    && t.state(id).readCustomStatusAs(Map.class).equals(Map.of("step", 1)));
            t.client.raiseEvent(id, "next");
            t.client.raiseEvent(id, "next");
            same("step 2", t.ended(id).readCustomStatusAs(String.class));
        });
    }

    private static void putManagement(Map<String, Body> all) {
        all.put("suspend_and_resume", t -> {
            String id = t.start("javaCollect", List.of("go"));
            t.begun(id);
            t.client.suspendInstance(id, "for a while");
            t.once(id, SUSPENDED);
            t.client.raiseEvent(id, "go", 7);
            same(SUSPENDED, t.state(id).getRuntimeStatus());
            t.client.resumeInstance(id, "go on");
            sameJson("[7]", t.outputOf(t.ended(id)));
        });
        all.put("terminate", t -> {
            String id = t.start("javaCollect", List.of("never"));
            t.begun(id);
            t.client.terminate(id, Map.of("why", "enough"));
            OrchestrationMetadata state = t.ended(id);
            same(TERMINATED, state.getRuntimeStatus());
            sameJson("{\"why\":\"enough\"}", Scenario.JSON.readTree(state.getSerializedOutput()));
        });
        all.put("scheduled_start", t -> {
            Instant due = Instant.now().plusMillis(700);
            String id = t.client.scheduleNewOrchestrationInstance("javaGreetAll",
                    new NewOrchestrationInstanceOptions().setInput(LIMA).setStartTime(due));
            same(PENDING, t.state(id).getRuntimeStatus());
            sameJson(GREETED, t.outputOf(t.ended(id)));
            check(!Instant.now().isBefore(due), "it began early");
        });
        all.put("restart", t -> {
            String id = t.start("javaGreetAll", LIMA, t.id("original"));
            Instant before = t.ended(id).getCreatedAt();
            String other = t.client.restartInstance(id, true);
            check(!other.equals(id), "the same ID");
            sameJson(GREETED, t.outputOf(t.ended(other)));
            same(id, t.client.restartInstance(id, false));
            t.until(() -> t.ended(id).getCreatedAt().isAfter(before));
            try {
                t.client.restartInstance(NOBODY, false);
                check(false, "it was not refused");
            } catch (IllegalArgumentException refusal) {
                check(refusal.getMessage().contains(NOBODY), refusal.getMessage());
            }
        });
        all.put("id_reuse", t -> {
            String id = t.start("javaCollect", List.of("again"), t.id("reused"));
            t.begun(id);
            t.refused(Status.Code.ALREADY_EXISTS, () -> t.start("javaGreetAll", LIMA, id));
            t.client.raiseEvent(id, "again", 1);
            t.ended(id);
            t.start("javaGreetAll", LIMA, id);
            sameJson(GREETED, t.outputOf(t.ended(id)));
        });
        all.put("unknown_instance", t -> {
            check(!t.state(NOBODY).isInstanceFound(), "found");
            t.refused(Status.Code.NOT_FOUND, () -> t.client.terminate(NOBODY, null));
            t.refused(Status.Code.NOT_FOUND, () -> t.client.raiseEvent(NOBODY, "any", 1));
            t.refused(Status.Code.NOT_FOUND, () -> t.client.suspendInstance(NOBODY, null));
            t.refused(Status.Code.NOT_FOUND, () -> t.client.resumeInstance(NOBODY, null));
        });
        all.put("task_hubs", t -> {
            t.client.createTaskHub(false);
            sameJson(GREETED, t.output("javaGreetAll", LIMA));
        });
    }

    private static void putQueries(Map<String, Body> all) {
        all.put("purge", t -> {
            String id = t.start("javaGreetAll", LIMA);
            t.ended(id);
            same(1, t.client.purgeInstance(id).getDeletedInstanceCount());
            check(!t.state(id).isInstanceFound(), "found");
            same(0, t.client.purgeInstance(id).getDeletedInstanceCount());
        });
        all.put("purge_by_filter", t -> {
            String id = t.start("javaActivityFails", "purged by status");
            Instant created = t.ended(id).getCreatedAt();
            check(t.client.purgeInstances(new PurgeInstanceCriteria()
                    .setCreatedTimeFrom(created.minusMillis(1))
                    .setCreatedTimeTo(created.plusMillis(1))
                    .setRuntimeStatusList(List.of(FAILED))).getDeletedInstanceCount() >= 1, "none");
            check(!t.state(id).isInstanceFound(), "found");
        });
        all.put("query_pages", t -> {
            List<String> ids = new ArrayList<>();
            for (int number = 0; number < 5; number++) {
                ids.add(t.start("javaGreetAll", LIMA, t.id(number)));
            }
            for (String id : ids) {
                t.ended(id);
            }
            OrchestrationStatusQuery query = new OrchestrationStatusQuery()
                    .setInstanceIdPrefix(t.prefix)
                    .setMaxInstanceCount(2)
                    .setFetchInputsAndOutputs(true);
            List<String> found = new ArrayList<>();
            String token;
            do {
                OrchestrationStatusQueryResult page = t.client.queryInstances(query);
                check(page.getOrchestrationState().size() <= 2, "more than a page");
                for (OrchestrationMetadata state : page.getOrchestrationState()) {
                    same(GREETED, state.getSerializedOutput());
                    found.add(state.getInstanceId());
                }
                token = page.getContinuationToken();
                query.setContinuationToken(token);
            } while (!token.isEmpty()); // how it says that there is no token
            Collections.sort(found);
            same(ids, found);
        });
        all.put("query_by_status_and_time", t -> {
            String done = t.start("javaGreetAll", LIMA, t.id("done"));
            String open = t.start("javaCollect", List.of("never"), t.id("open"));
            t.ended(done);
            Instant created = t.begun(open).getCreatedAt();
            same(List.of(done, open), ids(t, new OrchestrationStatusQuery()));
            same(List.of(open), ids(t, new OrchestrationStatusQuery()
                    .setRuntimeStatusList(List.of(RUNNING))));
            same(List.of(), ids(t, new OrchestrationStatusQuery()
                    .setCreatedTimeTo(created.minusSeconds(60))));
            same(List.of(done, open), ids(t, new OrchestrationStatusQuery()
                    .setCreatedTimeFrom(created.minusSeconds(60))));
            t.client.terminate(open, null);
        });
    }

    private static List<String> ids(Scenario t, OrchestrationStatusQuery query) {
        return t.client.queryInstances(query.setInstanceIdPrefix(t.prefix)).getOrchestrationState()
                .stream().map(OrchestrationMetadata::getInstanceId).sorted()
                .collect(Collectors.toList());
    }
}
