package durahub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.durabletask.DurableTaskClient;
import com.microsoft.durabletask.OrchestrationMetadata;
import com.microsoft.durabletask.OrchestrationRuntimeStatus;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.Callable;

/** What a scenario is given: clients, instance IDs of its own, and short ways to wait and compare. */
final class Scenario {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration WITHIN = Duration.ofSeconds(45); // anything must come about

    final DurableTaskClient client;
    final DurableTaskClient plain; // names no hub
    final String prefix = "java-" + UUID.randomUUID(); // of all instances of this scenario

    Scenario(DurableTaskClient client, DurableTaskClient plain) {
        this.client = client;
        this.plain = plain;
    }

    interface Call {
        void run() throws Exception;
    }

    String id(Object name) {
        return prefix + "-" + name;
    }

    String start(String name, Object input) {
        return client.scheduleNewOrchestrationInstance(name, input);
    }

    String start(String name, Object input, String id) {
        return client.scheduleNewOrchestrationInstance(name, input, id);
    }

    OrchestrationMetadata begun(String id) throws Exception {
        return client.waitForInstanceStart(id, WITHIN, true);
    }

    OrchestrationMetadata ended(String id) throws Exception {
        return client.waitForInstanceCompletion(id, WITHIN, true);
    }

    OrchestrationMetadata run(String name, Object input) throws Exception {
        return ended(start(name, input));
    }

    /** Runs an orchestration that must complete, and returns its output. */
    JsonNode output(String name, Object input) throws Exception {
        return outputOf(run(name, input));
    }

    JsonNode outputOf(OrchestrationMetadata state) throws Exception {
        same(OrchestrationRuntimeStatus.COMPLETED, state.getRuntimeStatus());
        return JSON.readTree(state.getSerializedOutput());
    }

    OrchestrationMetadata state(String id) {
        return client.getInstanceMetadata(id, true);
    }

    OrchestrationMetadata once(String id, OrchestrationRuntimeStatus status) throws Exception {
        until(() -> state(id).getRuntimeStatus() == status);
        return state(id);
    }

    void until(Callable<Boolean> look) throws Exception {
        Instant deadline = Instant.now().plus(WITHIN);
        while (!look.call()) {
            check(Instant.now().isBefore(deadline), "it did not come about");
            Thread.sleep(50);
        }
    }

    void refused(Status.Code code, Call call) throws Exception {
        try {
            call.run();
        } catch (StatusRuntimeException refusal) {
            same(code, refusal.getStatus().getCode());
            return;
        }
        check(false, "it was not refused");
    }

    static void same(Object expected, Object found) {
        check(expected.equals(found), "expected " + expected + ", found " + found);
    }

    static void sameJson(String expected, JsonNode found) throws Exception {
        same(JSON.readTree(expected), found);
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
