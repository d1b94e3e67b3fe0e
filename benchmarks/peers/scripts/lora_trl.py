"""Steps of LoRA by `svqa.training`, or by TRL's `SFTTrainer` on the same tokens in the same order.

What TRL turns on by itself and svqa does not is turned off: checkpointing of activations, bf16.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable

from benchmarks.peers.scripts.lora import RECIPE, STEPS, chat_and_rows, ours, with_update
from benchmarks.peers.talk import serve


def theirs() -> Callable[[], list[float]]:
    """-> a function that trains with TRL, and gives the loss of each step."""
    import torch
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    chat, rows = chat_and_rows()
    tokens = [(list(row.prompt), list(row.replies[0])) for row in rows]
    data = Dataset.from_dict(
        {
            "input_ids": [[*asked, *said] for asked, said in tokens],
            "completion_mask": [[0] * len(asked) + [1] * len(said) for asked, said in tokens],
        }
    )

    def run() -> list[float]:
        model = with_update(chat.model)
        weights = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            weights,
            lr=RECIPE.peak_rate,
            weight_decay=RECIPE.weight_decay,
            betas=(0.9, 0.98),
            fused=True,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: RECIPE.schedule(step, STEPS)
        )
        with tempfile.TemporaryDirectory() as folder:
            settings = SFTConfig(
                output_dir=folder,
                per_device_train_batch_size=RECIPE.batch_size,
                num_train_epochs=RECIPE.epochs,
                max_grad_norm=RECIPE.clip,
                train_sampling_strategy="sequential",
                completion_only_loss=True,
                gradient_checkpointing=False,
                bf16=False,
                use_cpu=True,
                dataloader_pin_memory=False,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            )
            trainer = SFTTrainer(
                model,
                settings,
                train_dataset=data,
                processing_class=chat.tokenizer,
                optimizers=(optimizer, schedule),
            )
            trainer.train()
            losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        model.unload()
        return losses

    return run


if __name__ == "__main__":
    serve(ours() if sys.argv[1] == "ours" else theirs())
